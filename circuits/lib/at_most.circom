// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.2.0;

include "circomlib/circuits/comparators.circom";

/// @title AtMost
/// @notice Proves lesser <= greater over unsigned N_BITS integers.
///
/// Enforces (forged-witness test in test/circuits/show.test.ts)
///   C1  lesser <= greater
/// Assumes: both operands are slices of range-checked words, so below 2^N_BITS.
/// Why the assumption matters: LessThan(n) is correct only below 2^n; with an unranged operand the
/// value p - 1 passes every bound.
template AtMost(N_BITS) {
    assert(N_BITS >= 1 && N_BITS <= 252); // parameter only
    signal input lesser;
    signal input greater;
    signal isAbove <== LessThan(N_BITS)([greater, lesser]);
    isAbove === 0; // C1
}
