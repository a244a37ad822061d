import { LocalNode, type JsonObject, type RawCoList, type RawCoMap, type RawCoStream } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { expect, test } from 'vitest';
import { patchRefusals } from './early-refusals.ts';

const crypto = await WasmCrypto.create();
patchRefusals();

function openGroup() {
  const secret = crypto.newRandomAgentSecret();
  return new LocalNode(secret, crypto.newRandomSessionID(crypto.getAgentID(secret)), crypto).createGroup();
}

test('what an app changes later in an object that it has written is no edit', () => {
  const group = openGroup();
  const tags = { all: ['a'] };
  const map = group.createMap<RawCoMap<Record<string, JsonObject>>>({ first: tags });
  map.set('second', tags);
  const list = group.createList<RawCoList<JsonObject>>([tags]);
  const stream = group.createStream<RawCoStream<JsonObject>>();
  stream.push(tags);

  tags.all.push('b');

  const before = { all: ['a'] };
  expect(map.toJSON()).toEqual({ first: before, second: before });
  expect(list.asArray()).toEqual([before]);
  expect(Object.values(stream.toJSON())).toEqual([[before]]);
  map.set('second', tags);
  expect(map.get('second')).toEqual({ all: ['a', 'b'] });
});

test('what JSON has no form for shows as others will read it', () => {
  const group = openGroup();
  const due = new Date(0);
  const map = group.createMap<RawCoMap>();
  map.set('task', { due, gone: undefined } as unknown as JsonObject);
  expect(map.get('task')).toEqual({ due: '1970-01-01T00:00:00.000Z' });
  expect(Object.keys(map.get('task') as JsonObject)).toEqual(['due']);
});
