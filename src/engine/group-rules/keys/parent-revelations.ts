import type { RawGroup } from 'cojson';
import type { KeySecret } from '../../internal-types.ts';
import { firstOf, type KeyID } from './key-search.ts';

type Sealer = Parameters<RawGroup['core']['node']['crypto']['sealForGroup']>[0]['to'];

export interface Key {
  readonly id: KeyID;
  readonly secret: KeySecret;
}

/** Reveals a key of a group to the members of one above it. Does nothing if they cannot get it from here. */
export function revealToParent(group: RawGroup, parent: RawGroup, { id, secret }: Key): void {
  const { core } = group;
  const { crypto } = core.node;
  const encrypting = currentKeyOf(parent);
  if (encrypting) {
    const { encrypted } = crypto.encryptKeySecret({ encrypting, toEncrypt: { id, secret } });
    group.set(`${id}_for_${encrypting.id}`, encrypted, 'trusting');
    return;
  }
  const nOnceMaterial = { in: group.id, tx: core.nextTransactionID() };
  for (const to of sealersOf(parent)) {
    // A sealer can be anything.
    const sealed = firstOf([to], () => crypto.sealForGroup({ message: secret, to, nOnceMaterial }));
    if (sealed) group.set(`${id}_sealedFor_${to}`, sealed, 'trusting');
  }
}

/** Whether the members of a group can get the new key of one below from here. */
export function isRevealable(parent: RawGroup): boolean {
  return currentKeyOf(parent) !== undefined || sealersOf(parent).length > 0;
}

export function currentKeyOf(group: RawGroup): Key | undefined {
  const id = group.get('readKey');
  const secret = id && group.getReadKey(id);
  return secret && { id, secret };
}

/** The sealer of the current key. Members who were removed since could have that of another one. */
function sealersOf(group: RawGroup): readonly Sealer[] {
  const [keyID, sealer] = String(group.get('groupSealer')).split('@');
  return sealer !== undefined && keyID === group.get('readKey') ? [sealer as Sealer] : [];
}
