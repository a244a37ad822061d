import { beforeEach, describe, expect, it } from 'vitest';
import {
  allAnswers,
  group,
  inspector,
  map,
  node,
  otherPerson,
  setUp,
} from '../../../test/support/inspect/covalue-reading.ts';

beforeEach(setUp);

describe('a secret', () => {
  it('[PANEL-5] of a group, an account or the kernel is never returned', async () => {
    group.addMember('everyone', 'reader');
    const { account } = await otherPerson();
    group.addMember(account, 'writer');
    group.rotateReadKey();
    const own = node.expectCurrentAccount('test');
    const kernelMap = own.createMap();
    kernelMap.set('removal', 'a kernel secret', 'private');
    kernelMap.set('open', 'another kernel secret', 'trusting');
    const answers = JSON.stringify(
      [group.id, own.id, kernelMap.id, map.id].flatMap((id) => [
        ...allAnswers(id),
        ...group.keys().map((key) => inspector.coValues.tree(id, [key])),
      ]),
    );
    expect(answers).not.toMatch(/Secret_z|sealed_U|encrypted_U|kernel secret/);
    expect(inspector.coValues.tree(kernelMap.id)).toEqual({ state: 'hidden' });
    expect(inspector.coValues.transactions(kernelMap.id).rows.map(({ changes }) => changes.state)).toEqual([
      ...['hidden', 'hidden'],
    ]);
    const keyOfEveryone = group.keys().find((key) => key.endsWith('_for_everyone')) ?? '';
    expect(group.get(keyOfEveryone as 'readKey')).toMatch(/^keySecret_z/);
    const tree = inspector.coValues.tree(group.id, [], { limit: 500 });
    const rows = tree.state === 'read' ? tree.rows : [];
    expect(rows.find(({ key }) => key === keyOfEveryone)?.value).toEqual({ kind: 'hidden' });
    expect(rows.find(({ key }) => key === 'readKey')?.value).toEqual({ kind: 'hidden' });
    expect(rows.find(({ key }) => key === account.id)?.value).toMatchObject({ preview: 'writer' });
  });

  it('that an app stored in a value is redacted, even where the value is cut', () => {
    const secret = `inviteSecret_z${'4'.repeat(44)}`;
    map.set('link', `https://app.example/#${secret}`, 'private');
    map.set('deep', { inside: ['x'.repeat(180), secret] }, 'private');
    map.set('long', `${'x'.repeat(190)}${secret}`, 'private');
    map.set(secret, 1, 'private');
    const answers = JSON.stringify([
      ...allAnswers(map.id),
      inspector.coValues.tree(map.id, ['deep']),
      inspector.coValues.tree(map.id, ['deep', 'inside']),
    ]);
    expect(answers).not.toContain('4'.repeat(8));
    expect(answers).toContain('[withheld]');
  });
});
