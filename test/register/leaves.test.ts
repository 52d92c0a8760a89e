// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, it } from 'vitest';
import { FIELD_ORDER } from '../../src/protocol/field.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { expectProblem, leafOf, openTestRegister, request, submission, urgent } from './harness.ts';

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
    expect((await register.checkpoint()).counts).toMatchObject({ issued: 1, revoked: 0, active: 1 });
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
      [{ ...good, signature: request(leafOf(1)).signature }, 403, 'signature_invalid'],
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
        await register.post('/v1/revocations', { ...urgent(leaf, 'document_lost'), leaf: text }),
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
    await close();
  });
});
