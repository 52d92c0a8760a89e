// SPDX-License-Identifier: GPL-3.0-or-later
/** Webhooks: who may receive one, how it is signed, that none is lost, and what it does not say. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { verifyWebhook } from '../../src/platform/client/webhooks.ts';
import { checkWebhookUrl, deliverWebhook } from '../../src/platform/webhook_delivery.ts';
import { createWebhookSender, RETRY_SECONDS, type WebhookSender } from '../../src/platform/webhook_sender.ts';
import type { PlatformDatabase } from '../../src/storage/platform.ts';
import { countWebhooks } from '../../src/storage/webhooks.ts';
import { describeOnEachDatabase } from '../databases.ts';
import { NOON } from './fixtures.ts';
import { begin, respond, startVerifier, type Verifier } from './harness.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(24, 8).toString('base64')}`;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.reverse()) await close();
  closers = [];
});

async function receiver(
  status: (count: number) => number,
  headers: Record<string, string> = {},
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(status(received.length), headers).end('thanks');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`, received };
}

const development = { allowLoopback: true } as const;

describe('an address', () => {
  it.each([
    'http://hooks.example/',
    'ftp://hooks.example/',
    'https://user:password@hooks.example/',
    'https://hooks.example/#x',
    'hooks.example',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://0.0.0.0/',
    'https://[::]/',
    'https://10.0.0.1/',
    'https://172.31.255.255/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://168.63.129.16/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
    'https://[::7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://224.0.0.1/',
    'https://192.0.2.1/',
    'https://255.255.255.255/',
  ])('inside, or unsafe, is refused before anything is sent: %s', async (url) => {
    await expect(deliverWebhook(url, {}, '{}', { allowLoopback: false })).rejects.toMatchObject({
      code: 'webhook_address_refused',
    });
  });

  it('of this machine is allowed in development, and no other inside', () => {
    expect(checkWebhookUrl('http://127.0.0.1:4000/', true).port).toBe('4000');
    for (const url of ['http://10.0.0.1/', 'https://10.0.0.1/', 'http://93.184.215.14/', 'https://169.254.169.254/']) {
      expect(() => checkWebhookUrl(url, true), url).toThrow();
    }
  });

  it.each([
    [['10.0.0.1']],
    [['93.184.215.14', '127.0.0.1']],
    [['169.254.169.254']],
    [['2606:2800:21f:cb07:6820:80da:af6b:8b2c', 'fe80::1%eth0']],
    [[]],
  ])('whose name leads inside is refused: %j', async (addresses) => {
    const resolve = (): Promise<{ address: string }[]> => Promise.resolve(addresses.map((address) => ({ address })));
    const sent = deliverWebhook('https://hooks.example/', {}, '{}', { allowLoopback: false, resolve });
    await expect(sent).rejects.toMatchObject({ code: 'webhook_address_refused' });
  });

  it('is asked for once, and the connection goes where it was looked at', async () => {
    const { url, received } = await receiver(() => 204);
    const resolve = vi.fn(() => Promise.resolve([{ address: '127.0.0.1' }]));
    // The system resolves this name to nothing: only the pinned address can have been used.
    const named = url.replace('127.0.0.1', 'hooks.invalid');
    expect(await deliverWebhook(named, {}, '{"a":1}', { ...development, resolve })).toBe(204);
    expect(resolve).toHaveBeenCalledTimes(1);
    expect(received[0]?.headers.host).toMatch(/^hooks\.invalid:/);
    expect(received[0]?.body).toBe('{"a":1}');
  });

  it('that redirects is not followed', async () => {
    const target = await receiver(() => 200);
    const { url } = await receiver(() => 302, { Location: target.url });
    expect(await deliverWebhook(url, {}, '{}', development)).toBe(302);
    expect(target.received).toEqual([]);
  });

  it('that does not answer, or is unknown, is given up in time', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
    const silent = deliverWebhook(url, {}, '{}', { ...development, timeout: 50 });
    await expect(silent).rejects.toMatchObject({ code: 'webhook_unreachable' });
    const unknown = deliverWebhook('https://hooks.example/', {}, '{}', {
      allowLoopback: false,
      resolve: () => Promise.reject(new Error('ENOTFOUND')),
    });
    await expect(unknown).rejects.toMatchObject({ code: 'webhook_unreachable' });
  });
});

describeOnEachDatabase('the outbox', (open) => {
  interface World {
    readonly verifier: Verifier;
    readonly sender: WebhookSender;
    readonly database: PlatformDatabase;
  }
  const world = async (url: string, secrets: readonly string[] = [SECRET]): Promise<World> => {
    const wake = vi.fn();
    const verifier = await startVerifier({ url: await open(), webhooks: { wake } });
    closers.push(() => verifier.close());
    const { database } = verifier.deps;
    const sender = createWebhookSender({
      database,
      url,
      secrets,
      deliver: (to, headers, body) => deliverWebhook(to, headers, body, development),
      clock: () => verifier.now,
    });
    closers.push(() => sender.close());
    return { verifier, sender, database };
  };
  const answered = async ({ verifier }: World): Promise<string> => {
    const begun = await begin(verifier, { ask: {} });
    await respond(verifier, { state: begun.request.state, error: 'access_denied' });
    return begun.created.id;
  };

  it('tells that a verification was answered, signed, once, and nothing else', async () => {
    const { url, received } = await receiver(() => 200);
    const w = await world(url);
    const id = await answered(w);
    await w.sender.sendDue();
    await w.sender.sendDue();
    expect(received).toHaveLength(1);
    const [{ headers, body }] = received as [Received];
    expect(JSON.parse(body)).toEqual({
      type: 'verification.answered',
      timestamp: new Date(NOON).toISOString(),
      data: { id, status: 'answered' },
    });
    vi.setSystemTime(NOON);
    expect(verifyWebhook(SECRET, headers as Record<string, string>, body)).toMatchObject({
      id: headers['webhook-id'],
      event: { data: { id } },
    });
    vi.useRealTimers();
    expect(await countWebhooks(w.database)).toBe(0);
  });

  it('tries again later and later under the same id, and gives up after about three days', async () => {
    const { url, received } = await receiver(() => 500);
    const w = await world(url);
    await answered(w);
    for (const [i, seconds] of RETRY_SECONDS.entries()) {
      await w.sender.sendDue();
      expect(received, String(i)).toHaveLength(i + 1);
      w.verifier.now += seconds * 1000 - 1;
      await w.sender.sendDue();
      expect(received, String(i)).toHaveLength(i + 1);
      w.verifier.now += 1;
    }
    await w.sender.sendDue();
    expect(received).toHaveLength(RETRY_SECONDS.length + 1);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(new Set(received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(received.length);
    expect(await countWebhooks(w.database)).toBe(0);
  });

  it('sends to a receiver that comes back, and no more to one that is gone', async () => {
    const back = await receiver((count) => (count === 1 ? 503 : 200));
    const w = await world(back.url);
    await answered(w);
    await w.sender.sendDue();
    w.verifier.now += 5_000;
    await w.sender.sendDue();
    expect(back.received).toHaveLength(2);
    expect(await countWebhooks(w.database)).toBe(0);
    const gone = await receiver(() => 410);
    const other = await world(gone.url);
    await answered(other);
    await other.sender.sendDue();
    other.verifier.now += 1_000_000_000;
    await other.sender.sendDue();
    expect(gone.received).toHaveLength(1);
  });

  it('is emptied by several senders, each webhook by one of them', async () => {
    const { url, received } = await receiver(() => 200);
    const w = await world(url);
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push(await answered(w));
    const others = Array.from({ length: 3 }, () =>
      createWebhookSender({
        database: w.database,
        url,
        secrets: [SECRET],
        deliver: (to, headers, body) => deliverWebhook(to, headers, body, development),
        clock: () => w.verifier.now,
      }),
    );
    await Promise.all([w.sender, ...others].map((sender) => sender.sendDue()));
    expect(received.map(({ body }) => (JSON.parse(body) as { data: { id: string } }).data.id).sort()).toEqual(
      ids.sort(),
    );
  });

  it('is taken over from a sender that died with a webhook in its hands', async () => {
    const { url, received } = await receiver(() => 200);
    const w = await world(url);
    await answered(w);
    const dying = createWebhookSender({
      database: w.database,
      url,
      secrets: [SECRET],
      deliver: () => new Promise(() => undefined),
      clock: () => w.verifier.now,
    });
    void dying.sendDue();
    await vi.waitFor(async () => {
      const row = await w.database.kysely.selectFrom('webhook').select('due_at').executeTakeFirst();
      expect(row?.due_at).toBeGreaterThan(w.verifier.now);
    });
    await w.sender.sendDue();
    expect(received).toEqual([]);
    w.verifier.now += 30_000;
    await w.sender.sendDue();
    expect(received).toHaveLength(1);
  });

  it('signs with every secret, so that one can replace another', async () => {
    const { url, received } = await receiver(() => 200);
    const w = await world(url, [SECRET, OTHER]);
    await answered(w);
    await w.sender.sendDue();
    const [{ headers, body }] = received as [Received];
    vi.setSystemTime(NOON);
    for (const secret of [SECRET, OTHER]) {
      // The library of the specification's authors takes it too.
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
        type: 'verification.answered',
      });
    }
    vi.useRealTimers();
  });

  it('wakes when there is something, and when started sends it by itself', async () => {
    const { url, received } = await receiver(() => 200);
    const verifier = await startVerifier({ url: await open() });
    const sender = createWebhookSender({
      database: verifier.deps.database,
      url,
      secrets: [SECRET],
      deliver: (to, headers, body) => deliverWebhook(to, headers, body, development),
      clock: () => verifier.now,
    });
    closers.push(
      () => verifier.close(),
      () => sender.close(),
    );
    const telling = await startVerifier({ database: verifier.deps.database, webhooks: sender, seed: 'telling' });
    sender.start();
    const begun = await begin(telling, { ask: {} });
    await respond(telling, { state: begun.request.state, error: 'access_denied' });
    await vi.waitFor(() => {
      expect(received).toHaveLength(1);
    });
  });
});

describe('a receiver', () => {
  const body = JSON.stringify({
    type: 'verification.answered',
    timestamp: new Date(NOON).toISOString(),
    data: { id: 'v', status: 'answered' },
  });
  const signed = (text = body, at = new Date(), secret = SECRET): Record<string, string> => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', at, text),
  });
  const refusal = (headers: Record<string, string>, text = body, secret = SECRET): unknown => {
    try {
      return verifyWebhook(secret, headers, text);
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it('takes what its verifier signed, by Headers or by names', () => {
    expect(verifyWebhook(SECRET, signed(), body).event.data.id).toBe('v');
    expect(verifyWebhook(SECRET, new Headers(signed()), body).id).toBe('msg_1');
  });

  it('agrees with the example of the specification', () => {
    // Standard Webhooks, test vector of its reference libraries.
    const signer = new Webhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const signature = signer.sign('msg_p5jXN8AQM9LWM0D4loKWxJek', new Date(1_614_265_330_000), '{"test": 2432232314}');
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it.each([
    ['another body', () => refusal(signed(), body.replace('"v"', '"w"'))],
    ['another secret', () => refusal(signed(), body, OTHER)],
    ['another id', () => refusal({ ...signed(), 'webhook-id': 'msg_2' })],
    ['another time', () => refusal({ ...signed(), 'webhook-timestamp': '1795320000' })],
    ['no signature', () => refusal({ ...signed(), 'webhook-signature': '' })],
    ['no headers', () => refusal({})],
    ['six minutes ago', () => refusal(signed(body, new Date(Date.now() - 360_000)))],
    ['in six minutes', () => refusal(signed(body, new Date(Date.now() + 360_000)))],
    ['an unknown event', () => refusal(signed('{"type":"x"}'), '{"type":"x"}')],
    ['no JSON', () => refusal(signed('x'), 'x')],
    ['a secret that is none', () => refusal(signed(), body, '')],
  ])('refuses %s', (_, attempt) => {
    expect(attempt()).toBe('webhook_invalid');
  });

  it.each([[''], ['secret'], ['whsec_c2hvcnQ='], [`whsec_${Buffer.alloc(65).toString('base64')}`]])(
    'is not sent to under a weak secret: %j',
    async (secret) => {
      const verifier = await startVerifier();
      const { database } = verifier.deps;
      const options = { database, url: 'https://a.example/', deliver: () => Promise.resolve(200), clock: () => 0 };
      expect(() => createWebhookSender({ ...options, secrets: [secret] })).toThrow(/whsec_/);
      expect(() => createWebhookSender({ ...options, secrets: [] })).toThrow(/whsec_/);
      await verifier.close();
    },
  );
});
