// SPDX-License-Identifier: GPL-3.0-or-later
/** Vite builds the module into a worker of its own and gives its URL. */
declare module '*?worker&url' {
  const url: string;
  export { url as default };
}
