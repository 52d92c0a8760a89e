// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.2.0;

include "circuits/lib/at_most.circom";
include "circuits/lib/fields.circom";
include "circuits/lib/holder_commitment.circom";
include "circuits/lib/membership.circom";
include "circuits/lib/nullifier.circom";
include "circuits/lib/select.circom";

/// @title Templates
/// @notice Every template below `show` and `issue` once, side by side and small, each with inputs of its
/// own: what test/circuits/reference_templates.test.ts compares with a reference. Proves nothing.
template Templates() {
    signal input word;
    signal output fields[4];
    component split = Fields(4, [3, 8, 1, 8], 20);
    split.word <== word;
    fields <== split.fields;
    signal output bits[20] <== split.bits;

    signal input values[8];
    signal input choice[3];
    signal output chosen <== Select(3)(values, choice);

    signal input lesser;
    signal input greater;
    AtMost(8)(lesser, greater);

    signal input leaf;
    signal input indexBits[6];
    signal input path[2][8];
    signal output root <== Membership(2)(leaf, indexBits, path);

    signal input seed;
    signal input blinding;
    signal output holder <== HolderCommitment()(seed, blinding);

    signal input secret;
    signal input scope;
    signal input context;
    signal input index;
    signal input limit;
    signal input on;
    signal output nullifier <== Nullifier()(secret, scope, context, index, limit, on);
}

component main = Templates();
