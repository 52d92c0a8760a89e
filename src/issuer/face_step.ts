// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The second step of an enrolment: the person's face, taken now, against the document's portrait. The issuer
 * draws a sequence of actions (`liveness_challenge.ts`), and the pictures that show it done are examined in
 * their turn. docs/protocol.md section 8, "Faces".
 *
 * @module
 */
import { type Context, type Env, Hono } from 'hono';
import { bodyLimit, requireContentType } from '../http/limits.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { FaceVerdict } from './face_matcher.ts';
import { FaceMemory } from './face_memory.ts';
import type { Ticket } from './face_queue.ts';
import type { FaceCapture } from './faces.ts';
import { checkTimes, drawChallenge, drawSteps } from './liveness_challenge.ts';
import { MAX_CAPTURE_BODY, readCapture, type SentCapture } from './liveness_form.ts';
import { bodyReader } from './reading.ts';
import { countAttempt, evidenceOf, type Session, type Sessions } from './session.ts';

/** Faces that may be tried in one session. */
export const MAX_FACE_ATTEMPTS = 5;
/** Sequences of actions that may be asked for in one session. */
export const MAX_LIVENESS_CHALLENGES = 10;
/** Largest live picture, in bytes, where single ones are taken. */
export const MAX_FACE_BYTES = 8 * 1024 * 1024;
/** Captures that are read, as many bytes as may wait to be examined. */
const CAPTURES = {
  limit: MAX_CAPTURE_BODY,
  together: 256 * 1024 * 1024,
  busy: ['face_busy', 'many pictures are being received; try again in a minute'],
} as const;
/** How long an answer waits for the verdict, in milliseconds; after that the wallet asks for it. */
export const ANSWER_WITHIN_MS = 15_000;

/** Compares a document's portrait with a live picture; both are image files. */
export type CompareFaces = (portrait: Uint8Array, live: Uint8Array) => Promise<FaceVerdict>;

/** Examines a capture and compares it with a document's portrait. */
export type CheckLiveness = (portrait: Uint8Array, capture: FaceCapture) => Ticket<FaceVerdict>;

/** What the step needs from outside. */
export interface FaceDeps {
  readonly compareFaces: CompareFaces;
  /** `unsafe_off` takes a single picture in place of a capture, which may be of a photograph: for tests only. */
  readonly checkLiveness: CheckLiveness | 'unsafe_off';
  /** Unix time in milliseconds. */
  readonly clock: () => number;
  readonly random: (length: number) => Uint8Array;
  /** {@link ANSWER_WITHIN_MS} unless a test says otherwise. */
  readonly answerWithin?: number;
}

/** The states in which a face may be shown. */
const STATES = ['document_accepted', 'face_accepted'] as const;

type Distances = FaceVerdict['distances'];

/**
 * Compares a live picture with the document's portrait.
 *
 * @returns Distances by matcher, all at most 0.5.
 * @throws {@link ProtocolError} `face_mismatch`, `face_missing`, `face_multiple`, `image_malformed`,
 * `attempts_exhausted`, `enrolment_out_of_order`.
 */
async function acceptFace(
  session: Session,
  live: Uint8Array,
  { compareFaces }: Pick<FaceDeps, 'compareFaces'>,
): Promise<Distances> {
  countAttempt(++session.faces, MAX_FACE_ATTEMPTS);
  return accept(session, await compareFaces(evidenceOf(session).portrait, live));
}

/** What a capture is checked by. */
interface CaptureDeps extends Pick<FaceDeps, 'clock'> {
  readonly check: CheckLiveness;
  readonly memory: FaceMemory;
}

/**
 * Puts a capture into the queue; the session's challenge is used up with it.
 *
 * @param arrived - When its last byte had arrived, Unix milliseconds.
 * @throws {@link ProtocolError} as `checkTimes` and {@link CheckLiveness}; `liveness_frames_repeated` for pictures
 * that were sent before, to whatever session; `face_busy`, `attempts_exhausted`.
 */
function queueCapture(
  session: Session,
  sent: SentCapture,
  arrived: number,
  { check, memory, clock }: CaptureDeps,
): Ticket<FaceVerdict> {
  const { liveness: challenge } = session;
  const { portrait, dedupTag } = evidenceOf(session);
  countAttempt(session.faces + 1, MAX_FACE_ATTEMPTS);
  if (challenge?.id === sent.challenge) session.liveness = undefined;
  checkTimes(challenge, sent, arrived);
  if (memory.knows(sent.jpegs)) {
    throw new ProtocolError('liveness_frames_repeated', 'these pictures were sent before; take new ones');
  }
  try {
    const ticket = check(portrait, {
      actions: challenge.steps.map(({ action }) => action),
      frames: sent.jpegs.map((jpeg, i) => ({ step: sent.frames[i]?.step ?? 0, jpeg })),
    });
    refuseEndless(ticket, session.expiresAt - clock());
    memory.take(dedupTag, sent.jpegs);
    session.faces++;
    session.capture = ticket;
    return ticket;
  } catch (error) {
    // A full queue is not the person's fault: the same pictures may be sent again.
    session.liveness = challenge;
    throw error;
  }
}

/** Gives the place up again if its turn comes after the session's end. */
function refuseEndless(ticket: Ticket<FaceVerdict>, milliseconds: number): void {
  if ((ticket.place()?.waitMs ?? 0) <= milliseconds) return;
  ticket.result.catch(() => undefined);
  ticket.cancel();
  throw new ProtocolError('face_busy', 'the queue is longer than this enrolment lasts; try again in a minute');
}

/**
 * Waits for the verdict on a capture.
 *
 * @returns Distances by matcher, all at most 0.5.
 * @throws {@link ProtocolError} as {@link CheckLiveness}; `face_mismatch`.
 */
async function acceptCapture(session: Session, ticket: Ticket<FaceVerdict>): Promise<Distances> {
  try {
    return accept(session, await ticket.result);
  } finally {
    session.capture = undefined;
  }
}

/** Keeps the code of a refusal for whoever asks later. */
async function noting<T>(session: Session, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    session.faceProblem = error instanceof ProtocolError ? error.code : 'internal_error';
    throw error;
  }
}

function accept(session: Session, { match, distances }: FaceVerdict): Distances {
  if (!match) {
    throw new ProtocolError('face_mismatch', "the live picture does not show the person of the document's portrait");
  }
  session.status = 'face_accepted';
  return distances;
}

/**
 * HTTP of the step.
 *
 * @param sessions - Open sessions.
 * @param deps - Everything from outside.
 * @param bearer - Reads the token from the Authorization header.
 */
export function faceRoutes(sessions: Sessions, deps: FaceDeps, bearer: (header: string | undefined) => string): Hono {
  const app = new Hono();
  const { checkLiveness } = deps;
  const memory = new FaceMemory(deps.random);

  app.post('/v1/enrolments/:id/liveness', bodyLimit(0), async (c) => {
    const token = bearer(c.req.header('authorization'));
    const { id, steps, expiresAt } = await sessions.run(c.req.param('id'), token, STATES, (session) => {
      countAttempt(++session.livenessChallenges, MAX_LIVENESS_CHALLENGES);
      const now = deps.clock();
      const steps = memory.stepsFor(evidenceOf(session).dedupTag, now, () => drawSteps(deps.random));
      return (session.liveness = drawChallenge(deps.random, now, steps));
    });
    return c.json({ challenge: id, steps, expires_at: new Date(expiresAt).toISOString() }, 201);
  });

  if (checkLiveness === 'unsafe_off') {
    const readBody = bodyReader({ ...CAPTURES, limit: MAX_FACE_BYTES });
    app.put('/v1/enrolments/:id/face', requireContentType('image/jpeg', 'image/png', 'image/jp2'), async (c) => {
      const token = bearer(c.req.header('authorization'));
      const distances = await sessions.run(c.req.param('id'), token, STATES, async (session) => {
        const live = await readBody(c, () => c.req.arrayBuffer());
        return acceptFace(session, new Uint8Array(live), deps);
      });
      return c.json({ status: 'face_accepted', distances });
    });
    return app;
  }

  const readBody = bodyReader(CAPTURES);
  const check = { check: checkLiveness, memory, clock: deps.clock };
  /** Apart from the wait for the verdict, through which it must not keep the pictures. */
  const takeCapture = async (c: Context<Env, string>, session: Session): Promise<Ticket<FaceVerdict>> => {
    const [sent, arrived] = await readBody(c, async () => {
      const now = deps.clock();
      return [await readCapture(c), now] as const;
    });
    session.faceProblem = undefined;
    return noting(session, () => queueCapture(session, sent, arrived, check));
  };

  app.put('/v1/enrolments/:id/face', requireContentType('multipart/form-data'), async (c) => {
    const [id, token] = [c.req.param('id'), bearer(c.req.header('authorization'))];
    const { session, leave } = sessions.enter(id, token, STATES);
    const ticket = await takeCapture(c, session).catch((error: unknown) => {
      leave();
      throw error;
    });
    const work = noting(session, () => acceptCapture(session, ticket)).finally(leave);
    const distances = await within(work, deps.answerWithin ?? ANSWER_WITHIN_MS);
    if (distances !== undefined) return c.json({ status: 'face_accepted', distances });
    const { status, face } = sessions.status(id, token);
    return c.json({ status, ...face }, 202);
  });
  return app;
}

/** Waits for a result, but not for long. */
async function within<T>(work: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      resolve(undefined);
    }, milliseconds);
  });
  // Should it fail later, the session remembers how.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
