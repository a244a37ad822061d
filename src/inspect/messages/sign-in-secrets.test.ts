import { inspect } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { signedInSync } from '../../../test/support/sync/signed-in-sync.ts';
import { createSigningRelay, relayNonce } from '../../../test/support/sync/signing-relay.ts';
import type { RelayAuth } from '../../sync/auth/relay-auth.ts';
import { createInspector } from '../create-inspector.ts';

const token = `tokenCANARY.${'t'.repeat(60)}`;

it.each<[string, RelayAuth]>([
  ['token', { token: () => Promise.resolve(token) }],
  ['proof', 'account'],
])(
  '[SEC-19] no %s, nonce or signature is in what the inspector shows, records and exports',
  async (_, auth) => {
    const answers = [
      { maia: 'welcome', principal: 'account', nonce: relayNonce, expiresInMs: 20_000 },
      { maia: 'refused', code: 'unauthorized', closing: true },
    ];
    const relay = createSigningRelay((number) => {
      const { proof, signature = token } = { proof: undefined, ...relay.auths[number] } as Record<
        string,
        unknown
      >;
      const reason = `${JSON.stringify(proof)} ${String(signature)} ${token} is not known`;
      return [{ ...answers[number], reason }];
    });
    const { node, sync, clock, pass } = await signedInSync(relay, auth);
    const inspector = createInspector(sync, { clock });
    onTestFinished(() => inspector.close());
    const increments: unknown[] = [];
    inspector.subscribe((increment) => increments.push(increment));
    const recording = inspector.controls.record();
    await pass(20_000);
    const map = node.createGroup().createMap();
    map.set('waits', true);
    await pass(1_000);
    expect(sync.current.status).toBe('failed');
    expect(relay.auths).toHaveLength(2);

    const { counts, row, textOf } = inspector.messages;
    const details = [];
    for (let number = 1; number <= counts.lastNumber; number++)
      details.push(row(number), await textOf(number), await inspector.messages.detail(number));
    const shown = inspect(
      {
        increments,
        details,
        recorded: recording.stop(),
        snapshot: inspector.snapshot(),
        overview: inspector.overview.current,
        report: inspector.bugReport(),
        explanation: inspector.explain(map.id),
        state: sync.current,
        har: await inspector.messages.export({ format: 'har', full: true }),
        ndjson: await inspector.messages.export({ format: 'ndjson', full: true }),
      },
      { depth: 50, maxStringLength: null, maxArrayLength: null },
    );
    expect(details).not.toEqual([]);
    expect(shown).toContain('auth');
    expect(shown).toContain('is not known');
    const secrets = relay.auths.flatMap((sent) =>
      sent.method === 'jwt' ? [sent.token] : [sent.signature, sent.proof.nonce],
    );
    for (const secret of [...secrets, relayNonce, 'CANARY']) expect(shown).not.toContain(secret);
  },
);
