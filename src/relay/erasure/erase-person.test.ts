import { LocalNode, type RawAccount, type RawCoID, type RawGroup } from 'cojson';
import { afterAll, describe, expect, it } from 'vitest';
import { openRawClient } from '../../../test/support/relay/raw-client.ts';
import { openIdentityServer } from '../../../test/support/auth/identity-server.ts';
import { prove } from '../../../test/support/auth/prove.ts';
import { createSigningKey, signToken } from '../../../test/support/auth/signing-key.ts';
import {
  askForSelf,
  erasureNonceOf,
  erasureProofOf,
  sendProof,
} from '../../../test/support/relay/erasure-requests.ts';
import {
  audienceOf,
  exchange,
  nonceOf,
  proofOf,
  withToken,
} from '../../../test/support/relay/stateless-sign-in.ts';
import { createStorage } from '../../../test/support/relay/temporary-storage.ts';
import { accountOf, changesOf, pull, push } from '../../../test/support/relay/stateless-client.ts';
import {
  createClientNode,
  createStockClient,
  crypto,
  reconnectStock,
} from '../../../test/support/relay/stock-client.ts';
import { dumpTables } from '../../../test/support/relay/table-dump.ts';
import {
  confirmed,
  createSharedMap,
  loadMap,
  openRelay,
  startRelay,
} from '../../../test/support/relay/test-relay.ts';
import type { SignedErasureCertificate } from '../../wire/erasure.ts';
import type { Database } from '../database/database.ts';
import type { Relay, RelayOptions } from '../index.ts';

const canary = 'canary-word';

async function open(options: RelayOptions = {}) {
  let database: Database | undefined;
  const relay = await startRelay({ storage: 'memory:', ...options }, (opened) => (database = opened));
  const query: Database['query'] = (...asked) => database?.query(...asked) ?? Promise.resolve([]);
  return { relay, query };
}

/** For tests that look only at what they store. */
let common: ReturnType<typeof openCommon> | undefined;
const openOnce = () => (common ??= openCommon());
afterAll(async () => (await common)?.relay.close());

async function openCommon() {
  let database: Database | undefined;
  const relay = await openRelay({ storage: 'memory:' }, (opened) => (database = opened));
  const query: Database['query'] = (...asked) => database?.query(...asked) ?? Promise.resolve([]);
  return { relay, query };
}

/** With a map of their own, and one that everyone may write. */
async function createPerson() {
  const node = await createClientNode();
  const group = node.createGroup();
  const own = group.createMap({}, null, 'trusting');
  own.set('word', canary, 'trusting');
  const shared = createSharedMap(node);
  const all = () => changesOf(node, accountOf(node), group, own, shared.group, shared);
  return { node, group, own, shared, all };
}

const certificateIn = (body: unknown) => body as SignedErasureCertificate;
const idOf = (node: LocalNode) => node.expectCurrentAccountID('test');

describe('[RELAY-90] a person who erases their account', () => {
  it('erases what is theirs alone, and gets a certificate that fits the rows', async () => {
    const { relay, query } = await open();
    const { node, group, own, shared, all } = await createPerson();
    expect((await push(relay.url, all())).status).toBe(200);
    const dumpBefore = await dumpTables(query);
    expect(dumpBefore).toContain(canary);
    const [before] = await query<{ bytes: number; transactions: number }>(
      `select count(*)::int4 as transactions, sum(octet_length(tx))::int4 as bytes from transactions
       where covalue_id = any($1)`,
      [[idOf(node), group.id, own.id]],
    );
    const [headers] = await query<{ bytes: number }>(
      `select sum(octet_length(header))::int4 as bytes from covalues where id = any($1)`,
      [[group.id, own.id]],
    );
    const preview = await askForSelf(relay.url, node, 'preview');
    expect(await dumpTables(query)).toContain(canary);
    const { status, body } = await askForSelf(relay.url, node, 'erase');
    expect({ status, body }).toMatchObject({ status: 200 });
    const { certificate, signature } = certificateIn(body);
    expect(certificate).toEqual({
      typ: 'maia-erasure/1',
      relay: expect.stringMatching(/^signer_z/) as string,
      storageID: expect.any(String) as string,
      appID: null,
      accountID: idOf(node),
      askedAt: expect.any(String) as string,
      doneAt: expect.any(String) as string,
      erased: {
        coValues: 2,
        transactions: before?.transactions,
        bytes: (before?.bytes ?? 0) + (headers?.bytes ?? 0),
      },
      kept: [
        { id: shared.group.id, why: 'Everyone has a role in it.' },
        {
          id: idOf(node),
          why: expect.stringContaining('Only the header') as string,
          withoutContent: true,
        },
      ],
      backupsUntil: null,
    });
    const { kept, erased } = certificate;
    expect(preview.body).toEqual({ ...erased, kept, backupDays: null });
    expect(
      crypto.verify(signature as `signature_z${string}`, certificate as never, certificate.relay as never),
    ).toBe(true);
    const dump = await dumpTables(query);
    for (const gone of [canary, group.id, own.id]) expect(dump).not.toContain(gone);
    expect(dump).toContain(shared.id);
    expect(await query(`select from transactions where covalue_id = $1`, [idOf(node)])).toEqual([]);
    // Asked again, it answers with the same.
    expect((await askForSelf(relay.url, node, 'erase')).body).toEqual(body);
  });

  it('has nothing of it served or taken again, on any surface, also after a restart', async () => {
    const storage = `pglite:${await createStorage()}`;
    const { node, own, group, shared, all } = await createPerson();
    const first = await openRelay({ storage, inspect: true });
    await push(first.url, all());
    expect((await askForSelf(first.url, node, 'erase')).status).toBe(200);
    await checkGone(first);
    await first.close();
    const second = await startRelay({ storage, inspect: true });
    await checkGone(second);

    async function checkGone({ url }: Relay): Promise<void> {
      const raw = await openRawClient(url);
      for (const { id } of [own, group]) {
        raw.send({ action: 'load', id, header: false, sessions: {} });
        await raw.waitFor({ action: 'known', id, header: false });
        raw.send({ maia: 'inspect', ask: 1, id });
        await raw.waitFor({ maia: 'inspected', id, known: null });
      }
      raw.send({ action: 'reconcile', id: 'batch', values: [[own.id, 'hash']] });
      await raw.waitFor({ action: 'reconcile-ack', id: 'batch' });
      for (const change of changesOf(node, own)) raw.send(change);
      await raw.waitFor({
        maia: 'refused',
        code: 'forbidden',
        id: own.id,
        reason: expect.stringContaining('erased') as string,
      });
      shared.set('word', canary, 'trusting');
      for (const change of changesOf(node, shared)) raw.send(change);
      await raw.waitFor({
        maia: 'refused',
        code: 'forbidden',
        id: shared.id,
        reason: expect.stringContaining('erased') as string,
      });
      for (const changes of [changesOf(node, own), changesOf(node, shared), changesOf(node, accountOf(node))])
        expect(await push(url, changes)).toMatchObject({
          status: 403,
          body: { error: { code: 'forbidden', message: expect.stringContaining('erased') as string } },
        });
      expect((await pull(url, [own, group])).body).toMatchObject({ serverChanges: [] });
      expect(JSON.stringify((await pull(url, [shared])).body)).not.toContain(canary);
    }
  });

  it('leaves what they share readable and writable for others, new devices included', async () => {
    const { relay } = await open();
    const { node, shared, all } = await createPerson();
    await push(relay.url, all());
    const bob = await createStockClient(relay.url);
    const bobs = await loadMap(bob, shared);
    expect((await askForSelf(relay.url, node, 'erase')).status).toBe(200);
    reconnectStock(bob, relay.url);
    bobs.set('word', 'by Bob', 'trusting');
    await confirmed(bob, bobs);
    const carol = await createStockClient(relay.url);
    const carols = await loadMap(carol, shared);
    expect(carols.get('word')).toBe('by Bob');
    expect(carols.lastEditAt('word')?.by).toBe(idOf(bob));
    expect(carols.nthEditAt('word', 0)?.by).toBe(idOf(node));
  });

  it('is disconnected, and let in no more', async () => {
    const { relay } = await open({ auth: { account: true } });
    const node = await createClientNode();
    const nonce = await nonceOf(relay.url);
    const { token } = (await exchange(relay.url, node, nonce)).body;
    expect((await push(relay.url, changesOf(node, accountOf(node)), withToken(token))).status).toBe(200);
    const raw = await openRawClient(relay.url);
    raw.send(prove(node.agentSecret, { url: relay.url, received: raw.received }));
    await raw.waitFor({ maia: 'welcome' });
    expect((await askForSelf(relay.url, node, 'erase')).status).toBe(200);
    const refused = {
      maia: 'refused',
      code: 'forbidden',
      reason: 'This account was erased from this relay.',
    };
    await raw.waitFor({ ...refused, closing: true });
    const again = await openRawClient(relay.url);
    again.send(prove(node.agentSecret, { url: relay.url, received: again.received }));
    await again.waitFor({ ...refused, closing: true });
    expect(await push(relay.url, [], withToken(token))).toMatchObject({
      status: 403,
      body: { error: { code: 'forbidden', message: refused.reason } },
    });
  });
});

describe('[RELAY-91] an erasure', () => {
  it('needs a fresh proof of that account, for that purpose, at that relay', async () => {
    const { relay, query } = await open({ auth: { account: true } });
    const { url } = relay;
    const [node, other] = [await createClientNode(), await createClientNode()];
    const { token } = (await exchange(url, node, await nonceOf(url))).body;
    await push(url, changesOf(node, accountOf(node)), withToken(token));
    const nonce = await erasureNonceOf(url);
    const audience = audienceOf(url);
    const good = { nonce, audience, purpose: 'erase' } as const;
    const wrong = [
      erasureProofOf(node, { ...good, signer: other }),
      { ...erasureProofOf(other, good), proof: { ...erasureProofOf(node, good).proof } },
      erasureProofOf(other, { ...good, accountID: idOf(node) }),
      erasureProofOf(node, { ...good, audience: 'wss://relay.example.org/sync' }),
      erasureProofOf(node, { ...good, purpose: 'export' }),
      erasureProofOf(node, { ...good, nonce: await nonceOf(url) }),
      erasureProofOf(node, { ...good, nonce: 'n'.repeat(43) }),
      {
        ...erasureProofOf(node, { ...good, keyring: [other.agentSecret] }),
        keyringSignatures: ['signature_z1'],
      },
    ];
    for (const body of wrong)
      expect(await sendProof(url, 'erase', body)).toMatchObject({
        status: 401,
        body: { error: { code: 'unauthorized' } },
      });
    const signIn = proofOf(node, nonce, audience);
    for (const body of [
      signIn,
      { ...signIn, keyringSignatures: [] },
      {},
      [],
      { ...erasureProofOf(node, good), keyringSignatures: ['s'] },
    ])
      expect((await sendProof(url, 'erase', body)).status).toBe(400);
    // Nor does it sign in.
    expect((await sendProof(url, 'token', erasureProofOf(node, good))).status).toBe(400);
    expect(await query(`select from covalues where id = $1`, [idOf(node)])).toHaveLength(1);
    expect(
      (await sendProof(url, 'erase', erasureProofOf(node, { ...good, purpose: 'preview' }))).status,
    ).toBe(200);
    // Each nonce serves once.
    expect((await sendProof(url, 'erase', erasureProofOf(node, good))).status).toBe(401);
    expect(await query(`select from covalues where id = $1`, [idOf(node)])).toHaveLength(1);
    expect((await askForSelf(url, node, 'erase')).status).toBe(200);
    expect(await query(`select from transactions where covalue_id = $1`, [idOf(node)])).toHaveLength(0);
  });

  it('also needs a fresh token where only an identity server lets clients in', async () => {
    const key = await createSigningKey('key');
    const { url: jwksUrl } = await openIdentityServer(key);
    const { relay } = await open({ auth: { jwksUrl } });
    const node = await createClientNode();
    const nowS = Math.floor(Date.now() / 1_000);
    const fresh = withToken(await signToken(key, {}));
    await push(relay.url, changesOf(node, accountOf(node)), fresh);
    const body = erasureProofOf(node, {
      ...{ nonce: await erasureNonceOf(relay.url), audience: audienceOf(relay.url), purpose: 'erase' },
    });
    const old = withToken(await signToken(key, { iat: nowS - 400, exp: nowS + 400 }));
    for (const headers of [{}, old, withToken('abc')])
      expect((await sendProof(relay.url, 'erase', body, headers)).status).toBe(401);
    expect((await sendProof(relay.url, 'erase', body, fresh)).status).toBe(200);
  });

  it('is answered with 404 for an account that the relay does not have', async () => {
    const { relay } = await openOnce();
    const node = await createClientNode();
    expect(await askForSelf(relay.url, node, 'erase')).toMatchObject({
      status: 404,
      body: { error: { code: 'not-found' } },
    });
  });

  it('takes the keyring entries whose agents sign, too, and no others', async () => {
    const { relay, query } = await openOnce();
    const node = await createClientNode();
    const keyrings = [crypto.newRandomAgentSecret(), crypto.newRandomAgentSecret()].map((secret) => {
      const agent = new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto);
      const group = agent.createGroup();
      const entry = group.createMap({ entry: 'sealed' });
      return { secret, ids: [group.id, entry.id], changes: changesOf(agent, group, entry) };
    });
    await push(relay.url, [
      ...changesOf(node, accountOf(node)),
      ...keyrings.flatMap(({ changes }) => changes),
    ]);
    const [mine, others] = keyrings;
    const { status } = await askForSelf(relay.url, node, 'erase', { keyring: mine ? [mine.secret] : [] });
    expect(status).toBe(200);
    const left = await query<{ id: string }>(`select id from covalues where id = any($1) order by id`, [
      keyrings.flatMap(({ ids }) => ids),
    ]);
    expect(left.map(({ id }) => id)).toEqual([...(others?.ids ?? [])].sort());
  });
});

describe('[RELAY-92] of the groups of a person, an erasure takes', () => {
  /** Groups of Alice and Bob, stored at a relay. */
  async function openGroups() {
    const { relay, query } = await openOnce();
    const [alice, bob] = [await createStockClient(relay.url), await createStockClient(relay.url)];
    const load = async <T>(node: LocalNode, { id }: { readonly id: RawCoID }) =>
      (await node.load(id as never)) as T;
    const [bobs, alices] = [
      await load<RawAccount>(alice, accountOf(bob) as RawAccount),
      await load<RawAccount>(bob, accountOf(alice) as RawAccount),
    ];
    const erase = async (node: LocalNode) =>
      certificateIn((await askForSelf(relay.url, node, 'erase')).body).certificate;
    const has = async ({ id }: { readonly id: string }) =>
      (await query(`select from covalues where id = $1`, [id])).length > 0;
    return { alice, bob, alices, bobs, load, erase, has };
  }

  it('none in which someone else has a role, even if that account is not at the relay', async () => {
    const { alice, bobs, erase, has } = await openGroups();
    const group = alice.createGroup();
    group.addMember(bobs, 'reader');
    const map = group.createMap({ word: 'shared' });
    const stranger = await createClientNode();
    const odd = alice.createGroup();
    odd.addMember(accountOf(stranger) as RawAccount, 'reader');
    const publicGroup = alice.createGroup();
    publicGroup.addMember('everyone', 'reader');
    const parent = alice.createGroup();
    parent.addMember(bobs, 'reader');
    const child = alice.createGroup();
    child.extend(parent);
    for (const one of [group, map, publicGroup, parent, child]) await confirmed(alice, one);
    const { kept } = await erase(alice);
    expect(Object.fromEntries(kept.map(({ id, why }) => [id, why]))).toMatchObject({
      [group.id]: 'It has another member.',
      [publicGroup.id]: 'Everyone has a role in it.',
      [parent.id]: 'It has another member.',
      [child.id]: `It extends the group ${parent.id}, which is not the person’s alone.`,
    });
    for (const one of [group, map, publicGroup, parent, child]) expect(await has(one)).toBe(true);
  });

  it('those whose other members were removed, have left, or were erased before', async () => {
    const { alice, bob, alices, bobs, erase, has } = await openGroups();
    const removed = alice.createGroup();
    removed.addMember(bobs, 'reader');
    removed.removeMember(bobs);
    const left = bob.createGroup();
    left.addMember(alices, 'admin');
    left.removeMember(accountOf(bob) as RawAccount);
    await confirmed(bob, left);
    const last = alice.createGroup();
    last.addMember(bobs, 'admin');
    for (const one of [removed, last]) await confirmed(alice, one);
    const { kept } = await erase(alice);
    expect(kept).toContainEqual({ id: last.id, why: 'It has another member.' });
    expect([await has(removed), await has(left), await has(last)]).toEqual([false, false, true]);
    const later = await erase(bob);
    expect(later.kept.map(({ id }) => id)).not.toContain(last.id);
    expect(await has(last)).toBe(false);
  });

  it('none whose members a former reader claims to have removed, and lists none that are no longer theirs', async () => {
    const { alice, bob, bobs, load, erase, has } = await openGroups();
    const group = alice.createGroup();
    group.addMember(bobs, 'writer');
    const former = alice.createGroup();
    former.addMember(bobs, 'reader');
    former.removeMember(bobs);
    for (const one of [group, former]) await confirmed(alice, one);
    const atBob = await load<RawGroup>(bob, group);
    const forged = atBob.core.makeTransaction(
      [{ op: 'set', key: idOf(alice), value: 'revoked' }],
      'trusting',
    );
    expect(forged).toBe(true);
    const ids = (await erase(bob)).kept.map(({ id }) => id);
    expect(ids).toContain(group.id);
    expect(ids).not.toContain(former.id);
    expect([await has(group), await has(former)]).toEqual([true, true]);
  });
});
