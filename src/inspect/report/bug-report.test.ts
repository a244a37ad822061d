import type { LocalNode, RawCoMap } from 'cojson';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAccountNode } from '../../../test/support/session/account-node.ts';
import {
  createFakeSync,
  fakePeerID,
  unconfirmedEdits,
  type FakeSync,
} from '../../../test/support/sync/fake-sync.ts';
import { createKernelError } from '../../base/kernel-error.ts';
import { cojsonVersion, kernelVersion } from '../../base/version.ts';
import type { UnsyncedCoValue } from '../../sync/inspection.ts';
import { createFakeClock } from '../../testing/fake-clock.ts';
import { createInspector } from '../create-inspector.ts';
import type { InspectorSnapshot } from '../snapshot/inspector-snapshot.ts';
import { writeBugReport } from './bug-report.ts';
import { code } from './markdown.ts';

const startMs = Date.UTC(2026, 9, 12, 14, 32, 4);

let node: LocalNode;
let map: RawCoMap;
let sync: FakeSync;
let edit: UnsyncedCoValue;

beforeEach(async () => {
  node = await createAccountNode();
  map = node.createGroup().createMap();
  map.set('title', 'Crew list', 'private');
  sync = createFakeSync(node, startMs);
  edit = {
    id: map.id,
    sinceMs: startMs - 60_000,
    saved: 'reached',
    sent: 'pending',
    confirmed: 'pending',
    durable: 'pending',
    missingAtPeerIDs: [fakePeerID],
  };
});

function report(): string {
  const inspector = createInspector(sync, { clock: createFakeClock(startMs), stopwatchMs: () => 0 });
  const text = inspector.bugReport();
  inspector.close();
  return text;
}

/** The relay refuses every attempt in these words. */
function refuse(reason: string, url = 'wss://relay.example/sync'): void {
  const details = { refusal: 'limit', reason } as const;
  const error = createKernelError('RELAY_LIMIT', `The relay refused (limit): ${reason}`, { details });
  sync.setState({
    peers: [{ id: fakePeerID, url, phase: 'waiting', attempt: 3, retryAtMs: startMs + 6_000, error }],
  });
}

/** Everything but the code spans. */
function outsideCode(markdown: string): string {
  return markdown.replaceAll(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, '');
}

describe('a bug report', () => {
  it('names verdict, cause and next step by code, versions, and when it was made', () => {
    sync.setUnsynced([edit]);
    refuse('The relay is at its limit of 1000 connections.');
    const text = report();
    expect(text).toMatch(/^# Sync report\n\n`1 CoValue not confirmed · refused by relay\.example \(limit\)/);
    expect(text).toContain('Phase: `waiting` since');
    expect(text).toContain('attempt 3, next attempt in 6 s');
    expect(text).toContain('Verdict: `relay-refused`');
    expect(text).toContain('Next: `free-connections`');
    expect(text).toContain(`Kernel: \`${kernelVersion}\`, cojson: \`${cojsonVersion}\``);
    expect(text).toMatch(/Created: `12 Oct 2026, \d\d:\d\d:04 GMT([+-]\d\d:\d\d)?`/);
    expect(text).toContain('Injected faults: none');
  });

  it.each([
    'ends `the code',
    '```\n# A heading',
    '</details><img src=x onerror=alert(1)>',
    '![](https://evil.example/pixel) [a](javascript:alert(1))',
    '`` ` ``` @everyone #1 | a | b |\r\n\r\n---\u2028> quote',
    '\u202Ereversed <!--',
    '`'.repeat(1_000),
  ])('[PANEL-15] lets no text from a relay act as Markdown: %j', (reason) => {
    refuse('plain');
    sync.setUnsynced([edit]);
    const plain = outsideCode(report());
    refuse(reason);
    expect(outsideCode(report())).toBe(plain);
    expect(report()).not.toMatch(/[\u202E\u2028\r]/);
  });

  it('[PANEL-15] holds no name, title, token or whole ID', () => {
    const token = 'eyJhbGciOiJIUzI1NiJ9';
    sync.setUnsynced([edit]);
    refuse(
      `no ${map.id} for ${token} at wss://me:pass@relay.example/sync?token=short and ?key=small`,
      'wss://me:pass@relay.example/sync?token=short#part',
    );
    const text = report();
    expect(text).toContain('wss://relay.example/sync');
    for (const secret of [
      'Crew list',
      map.id,
      node.currentSessionID,
      token,
      'pass',
      'short',
      'small',
      '#part',
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  it('explains the CoValues without their names and the titles of tabs', () => {
    sync.setUnsynced([edit]);
    const inspector = createInspector(sync, { clock: createFakeClock(startMs) });
    const snapshot = inspector.snapshot();
    inspector.close();
    const reason = { kind: 'other-tab', title: 'Our list' } as const;
    const unsynced = snapshot.unsynced.map((row) => ({ ...row, reason, otherReason: reason }));
    expect(JSON.stringify(unsynced)).toMatch(/Crew list.*Our list/);
    const shown: InspectorSnapshot[] = [];
    writeBugReport(
      { ...snapshot, unsynced },
      {
        explain(id, passed) {
          shown.push(passed);
          return { cause: id, step: '', verdict: '', evidence: [], next: '' };
        },
        causeOf: ({ kind }) => kind,
        story: () => ({ relays: [] }),
      },
    );
    expect(shown[0]?.unsynced).toHaveLength(1);
    expect(JSON.stringify(shown[0]?.unsynced)).not.toMatch(/Crew list|Our list/);
  });

  it('stays within its length, and states how much it left out', () => {
    sync.setUnsynced(unconfirmedEdits(5_000));
    refuse('`'.repeat(1_000));
    const text = report();
    expect(text.length).toBeLessThan(60_000);
    expect(text).toContain('## CoValues not synced: 5,000');
    expect(text).toContain('`relay-refused`: 5,000');
    const shown = text.match(/^### `co_z/gm)?.length ?? 0;
    expect(shown).toBeGreaterThan(0);
    expect(text).toContain(`${(5_000 - shown).toLocaleString('en')} more CoValues left out.`);
  });
});

it.each([
  'wss://user:p@ssw0rd@relay.example/sync',
  'token 550e8400-e29b-41d4-a716-446655440000',
  'Bearer dGhpcy1pcy1h-c2VjcmV0-dG9rZW4-MTIzNA',
  'sk-live-4f9a-8b21-77cd',
  'https://idp.example/login;jsessionid=AB12CD34',
  'https://idp.example/login%3Ftoken%3Dabcdef',
  '{"token":"abc123"}',
  'password: hunter2',
  'abcdefghijklmnopqrstuvwxyzabcd',
  'alice@example.com',
  'co_zABCDEFGH\u200BJKLMNPQRSTUVWXYZ',
])('[PANEL-15] shows no part of the secret in %j', (text) => {
  expect(code(text)).not.toMatch(
    /ssw0rd|446655|c2Vj|8b21|AB12|abcdef|abc123|hunter2|alice|ABCDEFGHJKLMNPQRSTUVWXYZ/,
  );
});

it.each([
  'Refused by relay.eu-central-1.example.org:45261 (limit): the relay is at its limit of 1000 connections',
  'STORAGE_UNAVAILABLE Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0',
  'wss://relay.example/sync',
  'Sync with localhost:3000 has ended at 14:32:04',
])('leaves %j as it is', (text) => {
  expect(code(text)).toBe(`\`${text}\``);
});

it.each([
  ['', '`none`'],
  ['a`b', '`` a`b ``'],
  ['``', '``` `` ```'],
  [' a\n\nb ', '`a b`'],
  ['x.'.repeat(250), `\`${'x.'.repeat(200)}…\``],
])('%j becomes the code span %s', (text, span) => {
  expect(code(text)).toBe(span);
});
