// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.2.0;

/// @title Select
/// @notice out = values[index], where index is given by its bits, least significant first.
///
/// Enforces (forged-witness tests in test/circuits/membership.test.ts)
///   C1  out = values[sum bits[i] 2^i]
/// Assumes: every bit is boolean.
/// Why a tree of two-way choices: 2^BITS - 1 constraints and no quotient witness, so nothing is left
/// to the prover once the bits are fixed.
template Select(BITS) {
    assert(BITS >= 1 && BITS <= 8); // parameter only
    signal input values[1 << BITS];
    signal input bits[BITS];
    signal output out;

    signal halved[1 << (BITS - 1)];
    for (var j = 0; j < (1 << (BITS - 1)); j++) {
        halved[j] <== values[2 * j] + bits[0] * (values[2 * j + 1] - values[2 * j]); // C1
    }
    if (BITS == 1) {
        out <== halved[0];
    } else {
        signal rest[BITS - 1];
        for (var i = 0; i < BITS - 1; i++) {
            rest[i] <== bits[i + 1];
        }
        out <== Select(BITS - 1)(halved, rest);
    }
}
