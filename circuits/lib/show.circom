// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.2.0;

include "circomlib/circuits/bitify.circom";
include "circomlib/circuits/poseidon.circom";
include "at_most.circom";
include "domains.circom";
include "fields.circom";
include "holder_commitment.circom";
include "membership.circom";
include "nullifier.circom";
include "select.circom";

/// @title Show
/// @notice A holder of an active credential meets a policy, under one pseudonym per scope, in answer
/// to one request. docs/protocol.md section 5.
///
/// Enforces (forged-witness tests in test/circuits/show.test.ts)
///   C1   attributes < 2^158, policy < 2^189, nationalityMask < 2^253, leafIndex < 2^33
///   C2   the version field is 1, so another layout is never read as this one
///   C3   expiry >= today
///   C4   birthMin <= birth <= birthMax
///   C5   the document's bit in documentMask is set
///   C6   the nationality's bit in nationalityMask is set
///   C7   assurance >= minAssurance
///   C8   phone = 1 where phoneRequired = 1
///   C9   secretSince <= secretSinceMax
///   C10  issued >= issuedMin
///   C11  revealed holds exactly the attributes whose reveal bit is set, zero elsewhere
///   C12  leaf = Poseidon(103, holder, attributes, extension) is in the tree under root
///   C13  the nullifier follows from the same seed as the leaf (template Nullifier)
///   C14  binding is part of the statement
/// Assumes: the verifier computes or checks all eight public signals.
/// Why binding is squared: a public input that no constraint names can be changed by anyone who
/// holds the proof.
template Show(DEPTH) {
    signal input root;
    signal input scope;
    signal input context;
    signal input policy;
    signal input nationalityMask;
    signal input binding;

    signal input seed;
    signal input blinding;
    signal input attributes;
    signal input extension;
    signal input leafIndex;
    signal input path[DEPTH][8];
    signal input index;

    signal output nullifier;
    signal output revealed;

    // version, document, nationality, region, assurance, phone, birth, expiry, issued, secretSince,
    // generation, issuer
    component credential = Fields(12, [8, 5, 8, 7, 3, 1, 27, 27, 27, 27, 6, 12], 158);
    credential.word <== attributes; // C1
    signal version <== credential.fields[0];
    signal document <== credential.fields[1];
    signal nationality <== credential.fields[2];
    signal region <== credential.fields[3];
    signal assurance <== credential.fields[4];
    signal phone <== credential.fields[5];
    signal birth <== credential.fields[6];
    signal expiry <== credential.fields[7];
    signal issued <== credential.fields[8];
    signal secretSince <== credential.fields[9];
    signal generation <== credential.fields[10];
    signal issuer <== credential.fields[11];

    // today, birthMin, birthMax, documentMask, minAssurance, phoneRequired, secretSinceMax, issuedMin,
    // reveal, nullifierOn, limit
    component request = Fields(11, [27, 27, 27, 32, 3, 1, 27, 27, 9, 1, 8], 189);
    request.word <== policy; // C1
    signal today <== request.fields[0];
    signal birthMin <== request.fields[1];
    signal birthMax <== request.fields[2];
    signal minAssurance <== request.fields[4];
    signal phoneRequired <== request.fields[5];
    signal secretSinceMax <== request.fields[6];
    signal issuedMin <== request.fields[7];
    signal nullifierOn <== request.fields[9];
    signal limit <== request.fields[10];
    _ <== credential.bits; // some are used bit by bit below, all of them for their range
    _ <== request.bits;
    _ <== request.fields;

    signal maskBits[253] <== Num2Bits(253)(nationalityMask); // C1
    signal leafIndexBits[3 * DEPTH] <== Num2Bits(3 * DEPTH)(leafIndex); // C1

    version === 1; // C2
    AtMost(27)(today, expiry); // C3
    AtMost(27)(birthMin, birth); // C4
    AtMost(27)(birth, birthMax); // C4

    signal documentMask[32];
    for (var i = 0; i < 32; i++) {
        documentMask[i] <== request.bits[81 + i];
    }
    signal documentBits[5];
    for (var i = 0; i < 5; i++) {
        documentBits[i] <== credential.bits[8 + i];
    }
    signal documentAllowed <== Select(5)(documentMask, documentBits);
    documentAllowed === 1; // C5

    // Three numbers above the mask's 253 bits are no nationality and never allowed.
    signal nationalityTable[256];
    for (var i = 0; i < 256; i++) {
        if (i < 253) {
            nationalityTable[i] <== maskBits[i];
        } else {
            nationalityTable[i] <== 0;
        }
    }
    signal nationalityBits[8];
    for (var i = 0; i < 8; i++) {
        nationalityBits[i] <== credential.bits[13 + i];
    }
    signal nationalityAllowed <== Select(8)(nationalityTable, nationalityBits);
    nationalityAllowed === 1; // C6

    AtMost(3)(minAssurance, assurance); // C7
    phoneRequired * (1 - phone) === 0; // C8
    AtMost(27)(secretSince, secretSinceMax); // C9
    AtMost(27)(issuedMin, issued); // C10

    // In the order of the reveal bits, with each value's offset in the packed output.
    var OFFSETS[9] = [0, 5, 13, 20, 23, 24, 51, 78, 84];
    signal values[9] <== [document, nationality, region, assurance, phone, birth, expiry, generation, issuer];
    signal shown[9];
    var packed = 0;
    for (var i = 0; i < 9; i++) {
        shown[i] <== request.bits[171 + i] * values[i]; // C11
        packed += shown[i] * (1 << OFFSETS[i]);
    }
    revealed <== packed; // C11

    signal holder <== HolderCommitment()(seed, blinding);
    signal leaf <== Poseidon(4)([TAG_LEAF(), holder, attributes, extension]);
    signal computedRoot <== Membership(DEPTH)(leaf, leafIndexBits, path);
    computedRoot === root; // C12

    nullifier <== Nullifier()(seed, scope, context, index, limit, nullifierOn); // C13

    signal bindingSquared <== binding * binding; // C14
}
