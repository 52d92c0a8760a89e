// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.2.0;

/// @title Domain tags
/// @notice First Poseidon input of every hash that carries a meaning; src/protocol/domains.ts holds
/// the same numbers, and test/circuits/reference.test.ts compares both sides.

function TAG_NULLIFIER() { return 101; }
function TAG_HOLDER() { return 102; }
function TAG_LEAF() { return 103; }
function TAG_SEED() { return 107; }
