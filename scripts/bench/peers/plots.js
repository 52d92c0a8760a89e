// SPDX-License-Identifier: GPL-3.0-or-later
// What draws the plots, for Node.
export { parse, View } from 'vega';
