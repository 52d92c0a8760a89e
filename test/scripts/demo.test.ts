// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { StoryResult } from '../../src/demo/story.ts';

const ROOT = join(import.meta.dirname, '..', '..');

it('npm run demo tells the whole story, and everything goes as it must', { timeout: 300_000 }, async () => {
  const { stdout } = await promisify(execFile)('npm', ['run', '--silent', 'demo', '--', '--json'], { cwd: ROOT });
  expect(stdout.trim().split('\n')).toHaveLength(1);
  const story = JSON.parse(stdout) as StoryResult;
  expect(story).toMatchObject({
    ok: true,
    enrolled: true,
    sameSubOnReturn: true,
    subsDifferAcrossPlatforms: true,
    refused: {
      replay: 'nonce_used',
      wrongOrigin: 'proof_invalid',
      underage: 'proof_invalid',
      revoked: 'checkpoint_not_accepted',
      secondEnrolment: 'person_already_enrolled',
      tamperedDocument: 'document_tampered',
      wrongFace: 'face_mismatch',
      unknownCsca: 'csca_unknown',
      foreignProof: 'proof_invalid',
    },
  });
  const [first, second, third] = story.logins;
  expect(first?.sub).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(third).toMatchObject({ platform: first?.platform, sub: first?.sub, claims: { age_over_18: true } });
  expect(second?.platform).not.toBe(first?.platform);
  expect(second?.sub).not.toBe(first?.sub);
  expect(second?.claims).toEqual({ valid_id: true });
  expect(story.verifyCpuMs).toBeGreaterThan(0);
});
