import type { RawCoMap } from 'cojson';
import { describe, expect, it } from 'vitest';
import { makeOlder } from '../../../test/support/relay/older-version.ts';
import { createClientNode } from '../../../test/support/relay/stock-client.ts';
import { describeStorage } from '../../../test/support/relay/test-storage.ts';
import type { Content } from '../../engine/content.ts';
import { prepareSchema, schemaVersion } from '../database/schema.ts';
import type { Fork } from '../storage/find-forks.ts';
import { storeClaims, type Claim } from './claims.ts';
import { until } from '../../../test/support/until.ts';

describeStorage((test) => {
  const claimOf = ({ id, new: sessions }: Content, digest: string): Claim => {
    const [sessionID = ''] = Object.keys(sessions);
    return {
      ...{ id, peerID: 'client', digest, place: `${id}/${sessionID}`, isExclusive: true },
      sessionID: sessionID as Claim['sessionID'],
    };
  };

  describe('[RELAY-26] a claim', () => {
    it('belongs to the place that commits it first; other content of the same commit is stored', async () => {
      const node = await createClientNode();
      const group = node.createGroup();
      const [mine, copy, other] = [1, 2, 3].map((a) => group.createMap({ a })) as [
        RawCoMap,
        RawCoMap,
        RawCoMap,
      ];
      const contents = [mine, copy, other].map(({ core }) => core.newContentSince(undefined)?.[0] as Content);
      const forks: Fork[] = [];
      const claims = new Map(contents.map((content) => [content.id, claimOf(content, 'same')]));
      claims.delete(other.id);
      const storage = test.open(
        {},
        {
          claimsIn: ({ id }) => [...claims.values()].filter((claim) => claim.id === id),
          forked: (fork) => void forks.push(fork),
        },
      );
      for (const content of contents) storage.store(content, () => undefined);
      await until(() => expect(storage.pending).toBe(0));
      expect(forks).toEqual([{ id: copy.id, sessionID: node.currentSessionID, copiedBy: 'client' }]);
      const stored = await test.query<{ id: string }>(
        `select covalue_id as id from sessions where covalue_id = any($1)`,
        [[mine.id, copy.id, other.id]],
      );
      expect(stored.map(({ id }) => id).sort()).toEqual([mine.id, other.id].sort());
      expect(await storage.readClaim('same')).toBe(`${mine.id}/${node.currentSessionID}`);
      expect(await storage.readClaim('none')).toBeUndefined();
    });

    it('of two commits at the same time belongs to one', async () => {
      const content = { id: 'co_zA', new: { s: {} } } as unknown as Content;
      const claims = [claimOf(content, 'd'), { ...claimOf(content, 'd'), place: 'elsewhere' }] as const;
      const lost = await Promise.all(
        claims.map((claim) => test.database.transaction((query) => storeClaims(query, [claim]))),
      );
      expect(lost.flat()).toHaveLength(1);
      const again = await test.database.transaction((query) => storeClaims(query, claims));
      expect(again).toEqual(lost.flat());
    });

    it('outlives the erased CoValue', async () => {
      const { storage, group, committed } = await test.createWriter();
      const map = group.createMap({ a: 1 });
      await committed();
      const [content] = map.core.newContentSince(undefined) ?? [];
      await test.database.transaction((query) => storeClaims(query, [claimOf(content as Content, 'd')]));
      map.core.deleteCoValue();
      await map.core.waitForSync();
      await committed();
      await storage.eraseAllDeletedCoValues();
      expect(await storage.readClaim('d')).toBeDefined();
    });
  });

  it('[RELAY-26] storage of version 1 keeps its rows, and gets an empty table of claims', async () => {
    const { group, committed } = await test.createWriter();
    group.createMap({ a: 1 });
    await committed();
    const rows = () => test.query('select * from sessions order by 1, 2');
    const before = await rows();
    await makeOlder(test.database, 1);
    await prepareSchema(test.database);
    expect(await test.query('select * from beginnings')).toEqual([]);
    expect(await test.query('select version from schema_version')).toEqual([{ version: schemaVersion }]);
    expect(await rows()).toEqual(before);
  });
});
