// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { FIELD_ORDER } from '../../src/protocol/field.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { expectProblem, leafOf, openTestRegister, revocation, submission } from './harness.ts';

describeOnEachDatabase('submitting leaves', (fresh) => {
  it('is acknowledged, and can be asked about until and after it is published', async () => {
    const register = await openTestRegister(await fresh());
    const leaf = leafOf('a');
    const response = await register.submit(leaf);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ leaf: leaf.toString(), status: 'pending' });
    expect(await register.json(`/v1/leaves/${leaf.toString()}`)).toEqual({ leaf: leaf.toString(), status: 'pending' });
    expect(await register.nextEpoch()).toBe(true);
    const { size } = await register.checkpoint();
    const published = { leaf: leaf.toString(), status: 'published', index: 0, checkpoint: size };
    expect(await register.json(`/v1/leaves/${leaf.toString()}`)).toEqual(published);
    expect(await (await register.submit(leaf)).json()).toEqual(published);
    await register.close();
  });

  it('twice, or many times at once, adds the leaf once', async () => {
    const register = await openTestRegister(await fresh());
    const answers = await Promise.all(Array.from({ length: 6 }, () => register.submit(leafOf('same'))));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 202));
    await register.nextEpoch();
    await register.submit(leafOf('same'));
    expect(await register.nextEpoch()).toBe(false);
    expect((await register.checkpoint()).counts).toEqual({ issued: 1, revoked: 0, active: 1 });
    await register.close();
  });

  it('needs the signature of a known issuer over this leaf', async () => {
    const register = await openTestRegister(await fresh());
    const good = submission(leafOf(1));
    const cases: readonly (readonly [object, number, string])[] = [
      [submission(leafOf(1), 'stranger'), 403, 'issuer_unknown'],
      [submission(leafOf(1), 'operator'), 403, 'issuer_unknown'],
      [{ ...good, signature: submission(leafOf(2))['signature'] }, 403, 'signature_invalid'],
      [{ ...good, signature: submission(leafOf(1), 'otherIssuer')['signature'] }, 403, 'signature_invalid'],
      [{ ...good, signature: revocation(leafOf(1), 'fraud', 'issuer').signature }, 403, 'signature_invalid'],
      [{ ...good, signature: 'A'.repeat(86) }, 403, 'signature_invalid'],
      [{ ...good, signature: 'A'.repeat(85) }, 400, 'body_invalid'],
      [{ ...good, issuer: '__proto__' }, 400, 'body_invalid'],
      [{ ...good, issuer: undefined }, 400, 'body_invalid'],
      [{ ...good, more: 1 }, 400, 'body_invalid'],
    ];
    for (const [body, status, code] of cases) {
      await expectProblem(await register.post('/v1/leaves', body), status, code);
    }
    await expectProblem(await register.get(`/v1/leaves/${leafOf(1).toString()}`), 404, 'leaf_unknown');
    expect(await register.nextEpoch()).toBe(false);
    await register.close();
  });

  it('refuses leaves that are not canonical, and the empty leaf', async () => {
    const register = await openTestRegister(await fresh());
    const leaf = leafOf(1);
    const malformed = [FIELD_ORDER, FIELD_ORDER + 1n, leaf + FIELD_ORDER, -1n]
      .map(String)
      .concat('0x10', '01', ' 1', '1.0', '', '1e3');
    for (const text of malformed) {
      await expectProblem(
        await register.post('/v1/leaves', { ...submission(leaf), leaf: text }),
        400,
        'field_not_canonical',
      );
      await expectProblem(
        await register.post('/v1/revocations', { ...revocation(leaf, 'fraud'), leaf: text }),
        400,
        'field_not_canonical',
      );
      if (text !== '') {
        const answer = await register.get(`/v1/leaves/${encodeURIComponent(text)}`);
        await expectProblem(answer, 400, 'field_not_canonical');
      }
    }
    await expectProblem(await register.post('/v1/leaves', { ...submission(leaf), leaf: '0' }), 400, 'leaf_zero');
    await register.close();
  });

  it('refuses a leaf that another issuer submitted', async () => {
    const register = await openTestRegister(await fresh());
    await register.submit(leafOf(1));
    await expectProblem(await register.submit(leafOf(1), 'otherIssuer'), 409, 'leaf_taken');
    await register.close();
  });

  it('answers malformed requests with problem documents', async () => {
    const { app, post, get, close } = await openTestRegister(await fresh());
    await expectProblem(await post('/v1/leaves', '{'), 400, 'body_invalid');
    await expectProblem(await post('/v1/leaves', ' '.repeat(5000)), 413, 'body_too_large');
    const text = await app.request('/v1/leaves', {
      method: 'POST',
      body: '{}',
      headers: { 'Content-Type': 'text/html' },
    });
    await expectProblem(text, 415, 'content_type_unsupported');
    await expectProblem(await get('/v1/nothing'), 404, 'not_found');
    for (const query of ['from=-1', 'limit=x', 'from=1e9', 'from=9999999999999999']) {
      await expectProblem(await get(`/v1/events?${query}`), 400, 'query_invalid');
    }
    await close();
  });
});

describeOnEachDatabase('revoking leaves', (fresh) => {
  it('empties the position from the next checkpoint on, with a public reason', async () => {
    const register = await openTestRegister(await fresh());
    await register.submit(leafOf(1));
    await register.nextEpoch();
    const before = await register.checkpoint();
    const response = await register.revoke(leafOf(1), 'document_lost');
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ leaf: leafOf(1).toString(), status: 'pending' });
    await register.nextEpoch();
    const after = await register.checkpoint();
    expect(after.counts).toEqual({ issued: 1, revoked: 1, active: 0 });
    expect(after.presentationRoot).not.toBe(before.presentationRoot);
    expect((await register.events()).at(-1)).toEqual({
      kind: 'leaf_revoked',
      index: 0,
      ...revocation(leafOf(1), 'document_lost'),
    });
    expect(await register.json(`/v1/leaves/${leafOf(1).toString()}`)).toMatchObject({ status: 'revoked', index: 0 });
    await register.close();
  });

  it('is for good: the same leaf is not taken again, before or after the cut', async () => {
    const register = await openTestRegister(await fresh());
    await register.submit(leafOf(1));
    await register.nextEpoch();
    await register.revoke(leafOf(1));
    await expectProblem(await register.submit(leafOf(1)), 409, 'leaf_revoked');
    await register.nextEpoch();
    await expectProblem(await register.submit(leafOf(1)), 409, 'leaf_revoked');
    expect(await register.nextEpoch()).toBe(false);
    await register.close();
  });

  it('holds for a leaf that waits: it is published and emptied in one cut', async () => {
    const register = await openTestRegister(await fresh());
    await register.submit(leafOf(1));
    await register.submit(leafOf(2));
    await register.revoke(leafOf(1));
    await register.nextEpoch();
    expect((await register.checkpoint()).counts).toEqual({ issued: 2, revoked: 1, active: 1 });
    const kinds = (await register.events()).map(({ kind }) => kind);
    expect(kinds.slice(-3)).toEqual(['leaf_added', 'leaf_added', 'leaf_revoked']);
    await register.close();
  });

  it('twice changes nothing: the first reason stays', async () => {
    const register = await openTestRegister(await fresh());
    await register.submit(leafOf(1));
    await Promise.all([register.revoke(leafOf(1), 'death'), register.revoke(leafOf(1), 'death')]);
    expect((await register.revoke(leafOf(1), 'fraud')).status).toBe(202);
    await register.nextEpoch();
    expect((await register.events()).at(-1)).toMatchObject({ kind: 'leaf_revoked', reason: 'death' });
    expect(await (await register.revoke(leafOf(1), 'fraud')).json()).toMatchObject({ status: 'revoked' });
    expect(await register.nextEpoch()).toBe(false);
    await register.close();
  });

  it('needs the signature of a known operator over this leaf and this reason', async () => {
    const register = await openTestRegister(await fresh());
    await register.submit(leafOf(1));
    const good = revocation(leafOf(1), 'fraud');
    const cases: readonly (readonly [object, number, string])[] = [
      [revocation(leafOf(1), 'fraud', 'issuer'), 403, 'operator_unknown'],
      [revocation(leafOf(1), 'fraud', 'stranger'), 403, 'operator_unknown'],
      [{ ...good, reason: 'death' }, 403, 'signature_invalid'],
      [{ ...good, signature: revocation(leafOf(2), 'fraud').signature }, 403, 'signature_invalid'],
      [{ ...good, reason: 'whim' }, 400, 'body_invalid'],
      [revocation(leafOf(2), 'fraud'), 404, 'leaf_unknown'],
    ];
    for (const [body, status, code] of cases) {
      await expectProblem(await register.post('/v1/revocations', body), status, code);
    }
    await register.nextEpoch();
    expect((await register.checkpoint()).counts.revoked).toBe(0);
    await register.close();
  });
});
