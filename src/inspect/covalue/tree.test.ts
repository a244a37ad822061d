import type { RawCoMap } from 'cojson';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  allAnswers,
  group,
  inspector,
  map,
  node,
  setUp,
  told,
} from '../../../test/support/inspect/covalue-reading.ts';

beforeEach(setUp);

describe('tree', () => {
  it('lists a map’s keys, the edits that wrote them, and the relays that lack them', () => {
    told({ [node.currentSessionID]: 1 });
    expect(inspector.coValues.tree(map.id)).toMatchObject({
      state: 'read',
      what: { kind: 'map' },
      total: 2,
      rows: [
        { key: 'name', value: { kind: 'text', preview: 'Crew list' }, edit: { index: 0 } },
        { key: 'iris', value: { kind: 'object', size: 2 }, edit: { index: 1, missingAt: ['relay.example'] } },
      ],
    });
    expect(inspector.coValues.tree(map.id, ['iris'])).toMatchObject({
      what: { kind: 'object' },
      total: 2,
      rows: [{ key: 'role', value: { preview: 'deckhand' } }, { key: 'since' }],
    });
    expect(inspector.coValues.tree(map.id, ['iris', 'role'])).toEqual({ state: 'nothing' });
    expect(inspector.coValues.tree(map.id, ['toString'])).toEqual({ state: 'nothing' });
    expect(inspector.coValues.tree(map.id, [], { offset: 1, limit: 1 })).toMatchObject({
      total: 2,
      rows: [{ key: 'iris' }],
    });
  });

  it('lists the items of lists, streams and texts, but never bytes', () => {
    const list = group.createList(['a', { b: [1, 2] }, map.id], null, 'private');
    expect(inspector.coValues.tree(list.id)).toMatchObject({
      what: { kind: 'list' },
      rows: [{ key: 0 }, { key: 1 }, { key: 2, value: { kind: 'id', id: map.id } }],
    });
    expect(inspector.coValues.tree(list.id, [1, 'b'])).toMatchObject({ what: { kind: 'array' }, total: 2 });

    const stream = group.createStream();
    for (let index = 0; index < 3; index++) stream.push({ index });
    expect(inspector.coValues.tree(stream.id)).toMatchObject({
      what: { kind: 'stream' },
      rows: [{ key: node.currentSessionID, author: { name: 'Ana' }, items: 3 }],
    });
    expect(inspector.coValues.tree(stream.id, [node.currentSessionID], { limit: 2 })).toMatchObject({
      total: 3,
      rows: [{ key: 2 }, { key: 1 }],
    });
    expect(inspector.coValues.tree(stream.id, [node.currentSessionID, 1])).toMatchObject({
      rows: [{ key: 'index' }],
    });

    const text = group.createPlainText('Tide');
    expect(inspector.coValues.tree(text.id)).toMatchObject({
      what: { kind: 'text', preview: 'Tide', length: 4 },
      rows: [],
    });

    const picture = group.createBinaryStream();
    picture.startBinaryStream({ mimeType: 'image/png', fileName: 'pier.png', totalSizeBytes: 4 });
    picture.pushBinaryStreamChunk(new Uint8Array([222, 173, 190, 239]));
    picture.endBinaryStream();
    expect(inspector.coValues.tree(picture.id)).toEqual({
      state: 'read',
      what: { kind: 'binary', mimeType: 'image/png', fileName: 'pier.png', totalBytes: 4, isComplete: true },
      ...{ total: 0, rows: [] },
    });
    const [, chunk] = inspector.coValues.transactions(picture.id).rows;
    expect(chunk?.changes).toMatchObject({ changes: [{ op: 'chunk', value: { kind: 'bytes', bytes: 4 } }] });
    expect(JSON.stringify(allAnswers(picture.id))).not.toContain('3q2-');
  });

  it('pages through many keys, and reads them again only after a change', () => {
    map.assign(Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`k${index}`, index])));
    const keys = vi.spyOn(map, 'keys');
    const content = map.core.getCurrentContent() as RawCoMap;
    expect(content).toBe(map);
    for (let index = 0; index < 10; index++) {
      expect(inspector.coValues.tree(map.id, [], { offset: 500, limit: 50 }).state).toBe('read');
    }
    expect(keys).toHaveBeenCalledTimes(1);
    map.set('k0', 1);
    expect(inspector.coValues.tree(map.id)).toMatchObject({ total: 1_002 });
    expect(keys).toHaveBeenCalledTimes(2);
  });
});
