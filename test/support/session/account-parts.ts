import type { RawCoMap } from 'cojson';
import { readPasskeys, type PasskeyRecord } from '../../../src/session/account/kernel-map.ts';
import type { Session } from '../../../src/session/session.ts';

export function rootOf({ node, account }: Session): RawCoMap {
  const root = node.getLoaded(account.get('root') ?? account.id);
  if (!root || root.id === account.id) throw new Error('no root');
  return root;
}

export function kernelMapOf({ node, accountID }: Session): RawCoMap {
  const core = [...node.allCoValues()].find(({ verified }) => {
    const header = verified?.header;
    return (
      header?.ruleset.type === 'ownedByGroup' &&
      header.ruleset.group === accountID &&
      header.uniqueness === 'maia/kernel/v1'
    );
  });
  if (!core?.isAvailable()) throw new Error('no kernel map');
  return core.getCurrentContent() as RawCoMap;
}

export function passkeyOf(session: Session): PasskeyRecord {
  const [passkey] = readPasskeys(kernelMapOf(session));
  if (!passkey) throw new Error('no passkey');
  return passkey;
}
