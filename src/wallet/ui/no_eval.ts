// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Tells zod not to compile its checks with `new Function`, which the page's policy refuses. Imported
 * before everything else: zod tries when a schema is made.
 *
 * @module
 */
import { config } from 'zod';

config({ jitless: true });
