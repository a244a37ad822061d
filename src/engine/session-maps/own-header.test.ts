import { expect, it, vi } from 'vitest';
import { attacker } from '../../../test/guard/nodes.ts';
import { createAdmissionNode } from '../../../test/support/relay/admission-node.ts';
import { isOwnHeader } from './session-maps.ts';

it('[RELAY-17] content is checked with the session map that cojson then fills', () => {
  const { node, client } = createAdmissionNode();
  const create = vi.spyOn(node.crypto, 'createSessionMap');
  const owner = attacker();
  const group = owner.createGroup();
  client('client').sendFrom(owner, group);
  const maps = create.mock.results.map(({ value }) => value as unknown);
  expect(maps).toEqual([expect.anything(), maps[0]]);
  expect(maps[1]).toBe(maps[0]);
});

it('[RELAY-17] a map for one header is not used for another', () => {
  const { node } = createAdmissionNode();
  const { crypto } = node;
  const group = attacker().createGroup();
  const [map, other] = [group.createMap(), group.createMap()];
  expect(isOwnHeader(crypto, map.id, map.core.verified.header)).toBe(true);
  expect(isOwnHeader(crypto, map.id, other.core.verified.header)).toBe(false);
  expect(() =>
    crypto.createSessionMap(map.id, JSON.stringify(other.core.verified.header), 102_400, false),
  ).toThrow();
});
