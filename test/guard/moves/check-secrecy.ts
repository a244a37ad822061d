import type { RawGroup } from 'cojson';
import { authorOf } from '../../../src/engine/content.ts';
import { parseJson } from '../../../src/base/json.ts';
import { crypto } from '../nodes.ts';
import { nameOf } from './check-roles.ts';
import { canRead, groupNames, isManager } from './model.ts';
import type { Attacker, HonestEdit, Key, World } from './world.ts';

/** What the honest wrote cannot be read by who had no right to, as far as its author could know. */
export function checkSecrecy(world: World): void {
  const { model, edits, keys, breaches, attackers, machine } = world;
  sealers.clear();
  const knownTo = new Map<string, readonly Key[]>();
  for (const edit of edits) {
    const { value, seen, text } = edit;
    const keyID = keyUsed(world, edit);
    if (keyID === undefined) continue;
    const made = keys.find(({ key }) => key.id === keyID);
    if (!made) {
      if (!isHarmed(world, edit))
        breaches.push(`secret: ${text} is written with a key that no honest person made`);
      continue;
    }
    const isEntitled = (id: string) => model.isEver(canRead, value.group, id, made.state);
    const others = attackers.filter(({ id }) => !isEntitled(id));
    // Those who surely had the key: what others gave may not have counted.
    const hadIt = (id: string) =>
      model.states.some(
        (_, state) =>
          state >= made.lastState && state <= seen && canRead(model.rolesOf(state, value.group, id, true)),
      );
    const late = attackers.find(({ id }) => hadIt(id) && !model.isEver(canRead, value.group, id, seen));
    if (late && !isHarmed(world, edit))
      breaches.push(`secret: ${text} is written with a key of ${nameOf(world, late.id)}, who was removed`);
    const whose = others.map(({ id }) => id).join();
    const secrets = knownTo.get(whose) ?? secretsOf(world, others);
    knownTo.set(whose, secrets);
    if (others.length === 0 || isHarmed(world, edit)) continue;
    const { verified } = machine.getCoValue(value.id as 'co_z1');
    const isRead = secrets.some(({ secret }) => {
      try {
        const changes = verified?.decryptTransaction(edit.sessionID as never, edit.index, secret);
        return JSON.stringify(changes ?? null).includes(text);
      } catch {
        return false;
      }
    });
    if (isRead) breaches.push(`secret: ${text} can be read by attackers without a right`);
  }
}

/** A manager can choose the key, and so give it to others. */
function isHarmed({ model, attackers }: World, { value: { group } }: HonestEdit): boolean {
  return model.disturbed.has(group) && attackers.some(({ id }) => model.isEver(isManager, group, id));
}

function keyUsed({ log }: World, { value, sessionID, index }: HonestEdit): string | undefined {
  const all = (log.piecesOf(value.id).get(sessionID) ?? []).flatMap(({ content }) => content.newTransactions);
  const transaction = all[index];
  return transaction?.privacy === 'private' ? transaction.keyUsed : undefined;
}

/** All secrets that these attackers together can get from what the honest have revealed, besides what attackers have made. */
function secretsOf(world: World, attackers: readonly Attacker[]): readonly Key[] {
  const { planted, keys } = world;
  const known: Key[] = keys.flatMap(({ key: { id } }) => planted.map(({ secret }) => ({ id, secret })));
  known.push(...planted);
  const isSealedTo = revelations(world);
  for (let count = -1; count < known.length;) {
    count = known.length;
    for (const find of isSealedTo) {
      const found = find(attackers, known);
      if (found && !known.some(({ id, secret }) => id === found.id && secret === found.secret))
        known.push(found);
    }
  }
  return known;
}

type Find = (attackers: readonly Attacker[], known: readonly Key[]) => Key | undefined;

function revelations({ log, groupIDs, devices, attackers }: World): readonly Find[] {
  const agentOf = new Map(
    devices.map(({ person, node }) => [person.id, node.getCurrentAgent().currentAgentID()]),
  );
  return groupNames.flatMap((name) => {
    const id = groupIDs[name] as RawGroup['id'];
    return [...log.piecesOf(id)].flatMap(([sessionID, pieces]) => {
      const by = agentOf.get(authorOf(sessionID));
      // Attackers know what they reveal.
      if (by === undefined || attackers.some((one) => one.id === authorOf(sessionID))) return [];
      return pieces.flatMap(({ content }) =>
        content.newTransactions.flatMap((transaction, place): Find[] => {
          if (transaction.privacy !== 'trusting') return [];
          const [change] = (parseJson(transaction.changes) ?? []) as { key?: string; value?: string }[];
          const [, keyID, to] = /^(key_z[^_]+)_(?:for|sealedFor)_(.+)$/.exec(change?.key ?? '') ?? [];
          const value = change?.value as never;
          if (keyID === undefined || to === undefined) return [];
          const tx = { in: id, tx: { sessionID: sessionID as never, txIndex: content.after + place } };
          return [
            (who, known) => {
              const secret = open({ keyID, to, value, by, tx }, who, known);
              return secret === undefined ? undefined : ({ id: keyID, secret } as Key);
            },
          ];
        }),
      );
    });
  });
}

interface Sealed {
  readonly keyID: string;
  readonly to: string;
  readonly value: never;
  readonly by: Parameters<typeof crypto.getAgentSealerID>[0];
  readonly tx: Parameters<typeof crypto.unseal>[3];
}

function open(
  { keyID, to, value, by, tx }: Sealed,
  attackers: readonly Attacker[],
  known: readonly Key[],
): string | undefined {
  try {
    if (to === 'everyone') return value;
    const member = attackers.find(({ id }) => id === to);
    if (member)
      return crypto.unseal<string>(
        value,
        member.node.getCurrentAgent().currentSealerSecret(),
        crypto.getAgentSealerID(by),
        tx,
      );
    const encrypting = known.find(({ id }) => id === to);
    if (encrypting)
      return crypto.decryptKeySecret(
        { encryptedID: keyID as never, encryptingID: encrypting.id, encrypted: value },
        encrypting.secret,
      );
    const sealer = to.startsWith('sealer_z') && known.map(sealerOf).find(({ publicKey }) => publicKey === to);
    if (sealer) return crypto.unsealForGroup<string>(value, sealer.secret, tx);
  } catch {
    // It is for others.
  }
  return undefined;
}

const sealers = new Map<string, ReturnType<typeof crypto.groupSealerFromReadKey>>();

function sealerOf({ secret }: Key) {
  const known = sealers.get(secret) ?? crypto.groupSealerFromReadKey(secret);
  sealers.set(secret, known);
  return known;
}
