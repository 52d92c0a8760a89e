// SPDX-License-Identifier: GPL-3.0-or-later
// The peers that are measured, for Node and for the page. Plain JavaScript: the project's types are checked without them.
export { Group, Identity, generateProof, verifyProof } from '@semaphore-protocol/core';
export * as bbs from '@digitalbazaar/bbs-signatures';
