// SPDX-License-Identifier: GPL-3.0-or-later
pragma circom 2.2.0;

include "lib/show.circom";

component main {public [root, scope, context, policy, nationalityMask, binding]} = Show(11);
