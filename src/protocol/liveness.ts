// SPDX-License-Identifier: Apache-2.0
/**
 * What an issuer and a wallet's page say to each other while a face is examined: a sequence of actions that
 * the issuer draws for this one time, and pictures taken while the person follows it. docs/protocol.md
 * section 8, "Faces".
 *
 * @module
 */

/** What a person may be asked to do. Left and right are the person's own. */
export const LIVENESS_ACTIONS = ['look_ahead', 'turn_left', 'turn_right', 'blink'] as const;

/** One of {@link LIVENESS_ACTIONS}. */
export type LivenessAction = (typeof LIVENESS_ACTIONS)[number];

/** A part of the sequence. */
export interface LivenessStep {
  readonly action: LivenessAction;
  /** How long the page shows it, taking pictures all the while. */
  readonly seconds: number;
}

/** Where a picture belongs: `step` counts from 0, `at` in milliseconds after the challenge arrived. */
export interface FramePlace {
  readonly step: number;
  readonly at: number;
}

/** Fewest pictures of a step; a blink has an open eye, a closed one and an open one again. */
export const MIN_STEP_FRAMES: Readonly<Record<LivenessAction, number>> = {
  look_ahead: 2,
  turn_left: 2,
  turn_right: 2,
  blink: 3,
};

/** Most pictures of one capture. */
export const MAX_FRAMES = 48;

/** Largest picture of a capture, in bytes: JPEG of about 640 pixels in width. */
export const MAX_FRAME_BYTES = 128 * 1024;

/** Largest capture, in bytes, over all its pictures. */
export const MAX_CAPTURE_BYTES = 4 * 1024 * 1024;

/** Longest side of a picture, in pixels. */
export const MAX_FRAME_SIDE = 1280;

/** How far the times of pictures may exceed their step, in milliseconds: pages draw and encode late. */
export const STEP_TOLERANCE_MS = 1500;
