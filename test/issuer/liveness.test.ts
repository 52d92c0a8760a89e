// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The step of the face over HTTP, as the wallet takes it, with a double in place of the networks whose tasks
 * take a known time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { FaceQueue } from '../../src/issuer/face_queue.ts';
import { MAX_FACE_ATTEMPTS, MAX_LIVENESS_CHALLENGES } from '../../src/issuer/face_step.ts';
import type { FaceCapture } from '../../src/issuer/faces.ts';
import { FORM_BYTES } from '../../src/issuer/liveness_form.ts';
import { SESSION_MILLISECONDS } from '../../src/issuer/session.ts';
import { ProtocolError } from '../../src/protocol/errors.ts';
import {
  type LivenessAction,
  MAX_CAPTURE_BYTES,
  MAX_FRAME_BYTES,
  MAX_FRAMES,
  MIN_STEP_FRAMES,
} from '../../src/protocol/liveness.ts';
import type { EnrolDeps } from '../../src/wallet/enrol.ts';
import { type CapturedFrame, type QueuePlace, requestLiveness, sendFrames } from '../../src/wallet/enrol_face.ts';
import { passport, World } from './world.ts';

const TASK_MS = 60;

/** An issuer whose networks take a known time and say what they are told to say. */
class Studio {
  readonly seen: FaceCapture[] = [];
  verdict: () => { match: boolean; distances: Record<string, number> } = () => ({ match: true, distances: { a: 0.1 } });
  readonly world = new World();

  constructor({ tasks = 64, answerWithin = 5000, taskMs = TASK_MS } = {}) {
    const queue = new FaceQueue({ tasks, bytes: 1e9 }, { liveness: taskMs }, () => performance.now());
    this.world.answerWithin = answerWithin;
    this.world.checkLiveness = (_, capture) =>
      queue.add('liveness', 1, async () => {
        this.seen.push(capture);
        await sleep(taskMs);
        return this.verdict();
      });
  }

  async open(): Promise<this> {
    await this.world.open(':memory:');
    return this;
  }

  get deps(): EnrolDeps {
    const { issuer } = this.world;
    return {
      issuer: { url: 'http://issuer.test', key: new Uint8Array(32) },
      fetch: (url: string, init?: RequestInit) => Promise.resolve(issuer.app.request(url, init)),
    } as unknown as EnrolDeps;
  }

  async person(): Promise<{ id: string; token: string }> {
    const enrolment = await this.world.enrolment();
    expect(await this.world.document(enrolment, passport())).toMatchObject({ status: 200 });
    return enrolment;
  }

  /** Asks for a sequence and answers it. */
  async show(enrolment: { id: string; token: string }, onQueue?: (place: QueuePlace) => void): Promise<void> {
    const challenge = await requestLiveness(this.deps, enrolment);
    await sendFrames(this.deps, enrolment, challenge, framesFor(challenge.steps), onQueue);
  }

  put(enrolment: { id: string; token: string }, form: FormData) {
    return this.world.call('PUT', `/v1/enrolments/${enrolment.id}/face`, { token: enrolment.token, body: form });
  }
}

let number = 0;
const framesFor = (steps: readonly { readonly action: LivenessAction }[], bytes = 20): readonly CapturedFrame[] =>
  steps.flatMap(({ action }, step) =>
    Array.from({ length: MIN_STEP_FRAMES[action] }, (_, i) => ({
      step,
      at: step * 10 + i,
      jpeg: new Uint8Array(bytes).fill(++number % 256).fill(number / 256, 0, 1),
    })),
  );

const formOf = (challenge: string, frames: readonly CapturedFrame[]): FormData => {
  const form = new FormData();
  form.append('meta', JSON.stringify({ challenge, frames: frames.map(({ step, at }) => ({ step, at })) }));
  frames.forEach(({ jpeg }, i) => {
    form.append(`frame${String(i)}`, new Blob([new Uint8Array(jpeg)], { type: 'image/jpeg' }));
  });
  return form;
};

let studio: Studio;
afterEach(() => studio.world.database.close());

describe('a face in motion', () => {
  it('is asked for when an enrolment begins, and no single picture is taken', async () => {
    studio = await new Studio().open();
    const { body } = await studio.world.call('POST', '/v1/enrolments');
    expect(body['liveness']).toBe('required');
    expect(await studio.world.face(await studio.person())).toMatchObject({
      status: 415,
      body: { code: 'content_type_unsupported' },
    });
  });

  it('is accepted once for a sequence, with the pictures in their steps', async () => {
    studio = await new Studio().open();
    const person = await studio.person();
    const challenge = await requestLiveness(studio.deps, person);
    expect(challenge.steps[0]?.action).toBe('look_ahead');
    const frames = framesFor(challenge.steps);
    await sendFrames(studio.deps, person, challenge, frames);
    const [capture] = studio.seen;
    expect(capture?.actions).toEqual(challenge.steps.map(({ action }) => action));
    expect(capture?.frames.map(({ step, jpeg }) => [step, ...jpeg])).toEqual(
      frames.map(({ step, jpeg }) => [step, ...jpeg]),
    );
    // A replay, of the same pictures and of others.
    for (const again of [frames, framesFor(challenge.steps)]) {
      await expect(sendFrames(studio.deps, person, challenge, again)).rejects.toMatchObject({
        code: 'liveness_unknown',
      });
    }
    expect(studio.seen).toHaveLength(1);
  });

  it('answers the latest sequence of its own enrolment', async () => {
    studio = await new Studio().open();
    const [person, other] = [await studio.person(), await studio.person()];
    const earlier = await requestLiveness(studio.deps, person);
    const latest = await requestLiveness(studio.deps, person);
    await expect(sendFrames(studio.deps, person, earlier, framesFor(earlier.steps))).rejects.toMatchObject({
      code: 'liveness_unknown',
    });
    await expect(sendFrames(studio.deps, other, latest, framesFor(latest.steps))).rejects.toMatchObject({
      code: 'liveness_unknown',
    });
    await sendFrames(studio.deps, person, latest, framesFor(latest.steps));
  });

  it('is refused too late, out of order, for another face, and with what the networks say', async () => {
    studio = await new Studio().open();
    const person = await studio.person();
    const late = await requestLiveness(studio.deps, person);
    studio.world.now = late.expiresAt;
    await expect(sendFrames(studio.deps, person, late, framesFor(late.steps))).rejects.toMatchObject({
      code: 'liveness_expired',
    });
    const few = await requestLiveness(studio.deps, person);
    await expect(sendFrames(studio.deps, person, few, framesFor(few.steps).slice(1))).rejects.toMatchObject({
      code: 'liveness_out_of_order',
    });
    expect(studio.seen).toEqual([]);
    studio.verdict = () => ({ match: false, distances: { a: 0.7 } });
    await expect(studio.show(person)).rejects.toMatchObject({ code: 'face_mismatch' });
    studio.verdict = () => {
      throw new ProtocolError('face_too_dark', 'it is too dark');
    };
    await expect(studio.show(person)).rejects.toMatchObject({ code: 'face_too_dark' });
    expect(await studio.world.credential(await studio.world.enrolment())).toMatchObject({ status: 409 });
  });

  it('has five tries, and ten sequences', async () => {
    studio = await new Studio().open();
    const person = await studio.person();
    studio.verdict = () => ({ match: false, distances: { a: 0.7 } });
    for (let i = 0; i < MAX_FACE_ATTEMPTS; i++) {
      await expect(studio.show(person)).rejects.toMatchObject({ code: 'face_mismatch' });
    }
    await expect(studio.show(person)).rejects.toMatchObject({ code: 'attempts_exhausted' });
    for (let i = MAX_FACE_ATTEMPTS + 1; i < MAX_LIVENESS_CHALLENGES; i++) await requestLiveness(studio.deps, person);
    await expect(requestLiveness(studio.deps, person)).rejects.toMatchObject({ code: 'attempts_exhausted' });
  });

  it('waits in a queue, and the refusal is told when it comes', async () => {
    studio = await new Studio({ answerWithin: 1 }).open();
    const person = await studio.person();
    studio.verdict = () => ({ match: false, distances: { a: 0.7 } });
    const places: QueuePlace[] = [];
    await expect(studio.show(person, (place) => places.push(place))).rejects.toMatchObject({ code: 'face_mismatch' });
    expect(places).toEqual([{ position: 0, waitSeconds: 1 }]);
    studio.verdict = () => ({ match: true, distances: { a: 0.1 } });
    await studio.show(person);
  });

  it('finds a full queue: 503 with Retry-After, no try counted, the same pictures good a minute later', async () => {
    studio = await new Studio({ tasks: 1 }).open();
    const [person, other] = [await studio.person(), await studio.person()];
    const challenge = await requestLiveness(studio.deps, other);
    const frames = framesFor(challenge.steps);
    const first = studio.show(person);
    await sleep(TASK_MS / 4);
    const refused = await studio.world.issuer.app.request(`/v1/enrolments/${other.id}/face`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${other.token}` },
      body: formOf(challenge.challenge, frames),
    });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60']);
    expect(await refused.json()).toMatchObject({ code: 'face_busy' });
    await first;
    await sendFrames(studio.deps, other, challenge, frames);
  });

  it('waits no longer than its session lasts, and leaves the queue with it', async () => {
    const taskMs = 1500;
    studio = await new Studio({ answerWithin: 1, taskMs }).open();
    const [first, second, late] = [await studio.person(), await studio.person(), await studio.person()];
    const drawn = await Promise.all(
      [first, second, late].map(async (person) => ({ person, ...(await requestLiveness(studio.deps, person)) })),
    );
    for (const { person, challenge, steps } of drawn.slice(0, 2)) {
      expect(await studio.put(person, formOf(challenge, framesFor(steps)))).toMatchObject({ status: 202 });
    }
    // Its estimate is a third task's, and its session ends before.
    studio.world.now += SESSION_MILLISECONDS - TASK_MS;
    const { challenge, steps } = await requestLiveness(studio.deps, late);
    expect(await studio.put(late, formOf(challenge, framesFor(steps)))).toMatchObject({ body: { code: 'face_busy' } });
    studio.world.now += TASK_MS;
    await studio.world.enrolment();
    await sleep(taskMs);
    expect(studio.seen).toHaveLength(1);
  });
});

describe('an earlier capture', () => {
  const actionsOf = ({ steps }: { readonly steps: readonly { readonly action: string }[] }) =>
    steps.map(({ action }) => action).join();
  const drawIn = async (person: { id: string; token: string }, times: number) => {
    const drawn = new Set<string>();
    for (let i = 0; i < times; i++) drawn.add(actionsOf(await ask(person)));
    return drawn;
  };
  const ask = (person: { id: string; token: string }) => requestLiveness(studio.deps, person);

  it('is not waited for: a sequence stays the same until it is answered, in all sessions of a person', async () => {
    studio = await new Studio().open();
    const [person, again] = [await studio.person(), await studio.person()];
    const drawn = await drawIn(person, MAX_LIVENESS_CHALLENGES - 1);
    expect(drawn.size).toBe(1);
    expect(await drawIn(again, MAX_LIVENESS_CHALLENGES - 1)).toEqual(drawn);
    // Pictures that are not judged change nothing.
    const { challenge } = await ask(again);
    await expect(sendFrames(studio.deps, again, { challenge }, [])).rejects.toMatchObject({ code: 'body_invalid' });
    const latest = await ask(person);
    expect(actionsOf(latest)).toBe([...drawn][0]);
    await sendFrames(studio.deps, person, latest, framesFor(latest.steps));
    // After each one that was judged, another is drawn: the same five times is one in five million.
    const later = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const next = await studio.person();
      const asked = await ask(next);
      later.add(actionsOf(asked));
      await sendFrames(studio.deps, next, asked, framesFor(asked.steps));
    }
    expect(later.size).toBeGreaterThan(1);
  });

  it('is refused, byte for byte, by any session, and costs no try', async () => {
    studio = await new Studio().open();
    const asked = await ask(await studio.person());
    const person = await studio.person();
    const own = await ask(person);
    const frames = framesFor(asked.steps);
    studio.verdict = () => ({ match: false, distances: { a: 0.7 } });
    await expect(sendFrames(studio.deps, person, own, frames)).rejects.toMatchObject({ code: 'face_mismatch' });
    const other = await studio.person();
    for (const { jpeg } of frames.slice(-MAX_FACE_ATTEMPTS - 1)) {
      const next = await ask(other);
      const [first, ...rest] = framesFor(next.steps);
      if (first === undefined) throw new Error('no frames');
      await expect(sendFrames(studio.deps, other, next, [{ ...first, jpeg }, ...rest])).rejects.toMatchObject({
        code: 'liveness_frames_repeated',
      });
    }
    studio.verdict = () => ({ match: true, distances: { a: 0.1 } });
    await studio.show(other);
    expect(studio.seen).toHaveLength(2);
  });
});

describe('twenty people at once', () => {
  it('are served in the order of coming, and told honestly how long it takes', async () => {
    studio = await new Studio({ answerWithin: 1 }).open();
    const people = await Promise.all(Array.from({ length: 20 }, () => studio.person()));
    const challenges = await Promise.all(people.map((person) => requestLiveness(studio.deps, person)));
    const started = performance.now();
    for (const [i, person] of people.entries()) {
      const { challenge, steps } = challenges[i] ?? { challenge: '', steps: [] };
      // The first picture carries the person's number.
      const frames = framesFor(steps).map((frame, k) => (k === 0 ? { ...frame, jpeg: Uint8Array.of(i) } : frame));
      expect(await studio.put(person, formOf(challenge, frames))).toMatchObject({
        status: 202,
        body: { status: 'document_accepted' },
      });
      // One job a session.
      if (i === 19) {
        const { status, body } = await studio.put(person, formOf(challenge, frames));
        expect([status, body['code']]).toEqual([409, 'enrolment_busy']);
      }
    }
    const told: { readonly told: number; readonly at: number }[] = [];
    const waits = people.map(async ({ id, token }, i) => {
      let position = Infinity;
      for (;;) {
        const { body } = await studio.world.call('GET', `/v1/enrolments/${id}`, { token });
        const queue = body['queue'] as { position: number; wait_seconds: number } | undefined;
        if (queue === undefined) {
          expect(body['status']).toBe('face_accepted');
          return performance.now() - started;
        }
        expect(queue.position).toBeLessThanOrEqual(position);
        position = queue.position;
        told[i] ??= { told: queue.wait_seconds, at: performance.now() };
        await sleep(10);
      }
    });
    const ends = await Promise.all(waits);
    expect(studio.seen.map(({ frames }) => frames[0]?.jpeg[0])).toEqual(people.map((_, i) => i));
    for (const [i, end] of ends.entries()) {
      const estimate = told[i];
      if (estimate === undefined) continue;
      const real = (started + end - estimate.at) / 1000;
      // Whole seconds are told, rounded up; within a factor of two of what it was, and a second.
      expect(estimate.told).toBeGreaterThanOrEqual(real / 2 - 1);
      expect(estimate.told).toBeLessThanOrEqual(real * 2 + 1);
    }
    // The last had a wait worth estimating.
    expect(told[19]?.told).toBeGreaterThanOrEqual(1);
  });
});

describe('the form of a capture', () => {
  const send = async (frames: readonly CapturedFrame[], change: (form: FormData) => void = () => undefined) => {
    const person = await studio.person();
    const { challenge } = await requestLiveness(studio.deps, person);
    const form = formOf(challenge, frames);
    change(form);
    const { status, body } = await studio.put(person, form);
    return [status, body['code']];
  };
  const many = (length: number, bytes: number) =>
    Array.from({ length }, (_, at) => ({ step: 0, at, jpeg: new Uint8Array(bytes) }));

  it('has at most so many pictures, of so many bytes each and together', async () => {
    studio = await new Studio().open();
    const inOrder = [422, 'liveness_out_of_order']; // read as a whole, and not what was asked
    expect(await send(many(MAX_FRAMES, 10))).toEqual(inOrder);
    expect(await send(many(MAX_FRAMES + 1, 10))).toEqual([400, 'body_invalid']);
    expect(await send(many(1, MAX_FRAME_BYTES))).toEqual(inOrder);
    expect(await send(many(1, MAX_FRAME_BYTES + 1))).toEqual([413, 'image_too_large']);
    const share = MAX_CAPTURE_BYTES / 32;
    expect(await send(many(32, share))).toEqual(inOrder);
    expect(await send([...many(32, share), { step: 0, at: 32, jpeg: new Uint8Array(1) }])).toEqual([
      413,
      'image_too_large',
    ]);
    expect(await send(many(48, (MAX_CAPTURE_BYTES + FORM_BYTES) / 48))).toEqual([413, 'body_too_large']);
  });

  it('has one picture for each place and nothing else', async () => {
    studio = await new Studio().open();
    const bad = [400, 'body_invalid'];
    const frames = many(3, 10);
    const jpeg = new Blob([new Uint8Array(10)], { type: 'image/jpeg' });
    for (const change of [
      (form: FormData) => form.delete('frame2'),
      (form: FormData) => form.append('frame3', jpeg),
      (form: FormData) => form.append('frame1', jpeg),
      (form: FormData) => form.append('name', 'value'),
      (form: FormData) => form.set('frame1', 'text'),
      (form: FormData) => form.set('frame1', new Blob([new Uint8Array(10)], { type: 'image/png' })),
      (form: FormData) => form.delete('meta'),
      (form: FormData) => form.set('meta', 'no JSON'),
      (form: FormData) => form.set('meta', JSON.stringify({ challenge: 'x', frames: [] })),
      (form: FormData) => form.set('meta', JSON.stringify({ challenge: 'x', frames: [{ step: -1, at: 0 }] })),
      (form: FormData) => form.set('meta', JSON.stringify({ challenge: 'x', frames: [{ step: 0, at: 0.5 }] })),
    ]) {
      expect(await send(frames, change)).toEqual(bad);
    }
  });

  /** Sends the beginning of a body that never ends. */
  const endless = async (id: string, token: string, step = 'face') => {
    let isCancelled = false;
    const body = new ReadableStream({
      start: (stream) => stream.enqueue(new Uint8Array(1000)),
      cancel: () => void (isCancelled = true),
    });
    const type = step === 'face' ? 'multipart/form-data; boundary=x' : 'application/json';
    const call = studio.world.call('PUT', `/v1/enrolments/${id}/${step}`, { token, body, type });
    const answer = await Promise.race([call, sleep(500)]);
    return answer === undefined ? 'reading' : { code: answer.body['code'], isRead: body.locked, isCancelled };
  };

  it('is read of one request a session, in its turn, and of no stranger', async () => {
    studio = await new Studio().open();
    const { id, token } = await studio.person();
    const early = await studio.world.enrolment();
    const unread = { isRead: false, isCancelled: false };
    for (const step of ['face', 'document']) {
      expect(await endless(id, 'A'.repeat(43), step)).toEqual({ code: 'enrolment_unknown', ...unread });
    }
    expect(await endless(early.id, early.token)).toEqual({ code: 'enrolment_out_of_order', ...unread });
    expect(await endless(id, token)).toBe('reading');
    expect(await endless(id, token)).toEqual({ code: 'enrolment_busy', ...unread });
    expect(await endless(early.id, early.token, 'document')).toBe('reading');
    expect(await endless(early.id, early.token, 'document')).toEqual({ code: 'enrolment_busy', ...unread });
  });

  it('is read again after one that broke off', async () => {
    studio = await new Studio().open();
    const { id, token } = await studio.person();
    const body = new ReadableStream({ start: (stream) => stream.error(new Error('reset')) });
    const path = `/v1/enrolments/${id}/face`;
    const broken = await studio.world.call('PUT', path, { token, body, type: 'multipart/form-data; boundary=x' });
    expect(broken.status).toBe(500);
    await studio.show({ id, token });
  });
});
