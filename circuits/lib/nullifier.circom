// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "circomlib/circuits/comparators.circom";
include "domains.circom";

/// @title Nullifier
/// @notice The holder's pseudonym within a scope and context, or zero when the policy asks for none.
///
/// Enforces (forged-witness tests in test/circuits/nullifier.test.ts)
///   C1  on = 1: nullifier = Poseidon(101, seed, scope, context, index); on = 0: nullifier = 0
///   C2  on = 0: scope, context, index and limit are 0
///   C3  on = 1: index < limit
///   C4  index < 2^8
/// Assumes: on is boolean and limit is below 2^8, both slices of the policy; the verifier refuses
/// scope = 0 with on = 1, since it computes the scope itself.
/// Why C4: LessThan(8) is correct only below 2^8.
template Nullifier() {
    signal input seed;
    signal input scope;
    signal input context;
    signal input index;
    signal input limit;
    signal input on;
    signal output nullifier;

    signal hash <== Poseidon(5)([TAG_NULLIFIER(), seed, scope, context, index]);
    nullifier <== on * hash; // C1

    (1 - on) * scope === 0; // C2
    (1 - on) * context === 0; // C2
    (1 - on) * index === 0; // C2
    (1 - on) * limit === 0; // C2

    signal indexBits[8] <== Num2Bits(8)(index); // C4
    _ <== indexBits; // used for their range only
    signal isBelow <== LessThan(8)([index, limit]);
    isBelow === on; // C3; with on = 0, C2 makes both sides of the comparison 0
}
