// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Where the wallet's pages begin.
 *
 * @module
 */
import './no_eval.ts';
import { render } from 'preact';
import { App } from './app.tsx';

const root = document.getElementById('app');
if (root !== null) {
  render(<App />, root);
}
