// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.2.0;

include "circomlib/circuits/poseidon.circom";
include "select.circom";

/// @title Membership
/// @notice Recomputes the root of an 8-ary Poseidon tree from a leaf, its position and the children
/// of every node on its path.
///
/// Enforces (forged-witness tests in test/circuits/membership.test.ts)
///   C1  at each level, the child at the position's three bits equals the node below
///   C2  root is the hash of the children at the top level
/// Assumes: indexBits are boolean; leaf is a hash of another width than a node, so an interior node
/// can not pass for a leaf.
/// Why all eight children are witnesses: choosing one of eight costs 7 constraints, inserting one
/// among seven siblings costs more.
template Membership(DEPTH) {
    assert(DEPTH >= 1 && 3 * DEPTH <= 252); // parameter only
    signal input leaf;
    signal input indexBits[3 * DEPTH];
    signal input path[DEPTH][8];
    signal output root;

    signal nodes[DEPTH + 1];
    signal chosen[DEPTH];
    nodes[0] <== leaf;
    for (var level = 0; level < DEPTH; level++) {
        chosen[level] <== Select(3)(
            path[level],
            [indexBits[3 * level], indexBits[3 * level + 1], indexBits[3 * level + 2]]
        );
        chosen[level] === nodes[level]; // C1
        nodes[level + 1] <== Poseidon(8)(path[level]);
    }
    root <== nodes[DEPTH]; // C2
}
