// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "domains.circom";

/// @title HolderCommitment
/// @notice holder = Poseidon(102, seed, blinding): hides the seed, binds the leaf to it.
///
/// Enforces (test/circuits/issue.test.ts)
///   C1  holder opens to seed and blinding
template HolderCommitment() {
    signal input seed;
    signal input blinding;
    signal output holder <== Poseidon(3)([TAG_HOLDER(), seed, blinding]); // C1
}
