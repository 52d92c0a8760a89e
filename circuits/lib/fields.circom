// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";

/// @title Fields
/// @notice Splits a word into consecutive unsigned fields, least significant first.
///
/// Enforces (forged-witness tests in test/circuits/show.test.ts)
///   C1  bits are the TOTAL-bit representation of word, so word < 2^TOTAL
///   C2  fields[i] is the number held by WIDTHS[i] bits from the end of field i - 1
/// Why TOTAL <= 253: with 254 bits a word and the word plus the field's order share their bits.
template Fields(N, WIDTHS, TOTAL) {
    assert(TOTAL >= 1 && TOTAL <= 253); // parameter only
    signal input word;
    signal output fields[N];
    signal output bits[TOTAL] <== Num2Bits(TOTAL)(word); // C1

    var offset = 0;
    for (var i = 0; i < N; i++) {
        var value = 0;
        for (var j = 0; j < WIDTHS[i]; j++) {
            value += bits[offset + j] * (1 << j);
        }
        fields[i] <== value; // C2
        offset += WIDTHS[i];
    }
    assert(offset == TOTAL); // parameter only
}
