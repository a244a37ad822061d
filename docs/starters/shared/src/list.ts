import { isKernelError, takeInvite, type Session, type SyncState } from '@MaiaOS/kernel';

/** A list is a map with a key for each item, so people who change different items never collide. */
export type Items = Record<string, { text: string; done: boolean }>;

/** Sorts by the time at which it was made, and differs on all devices. */
export const newKey = () => `${new Date().toISOString()} ${crypto.randomUUID()}`;

/** In the order in which they were added. Other versions of the app write, too: what is no item is left out. */
export function itemsOf(items: Items) {
  const entries = Object.entries(items).filter(([, item]) => typeof item?.text === 'string');
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The account's own map, which all its devices have. It names the list that they show. */
export const rootOf = ({ account }: Session) => account.get('root') ?? '';

export const openList = async (session: Session, id: string) =>
  (await session.load(rootOf(session))).set('list', id);

export const startList = (session: Session) => openList(session, session.node.createGroup().createMap().id);

/** Resolves with a link that works as soon as it is shown. */
export async function shareList(session: Session, id: string, url: string) {
  const { link, groupID } = await session.share(id, { url });
  await session.sync.whenConfirmed(groupID, { timeoutMs: 20_000 });
  return link;
}

/** Taken before anything else reads the address. */
const invite = takeInvite();

/** Joins the list of the link that opened this page, if there is one. Safe to repeat. */
export async function followLink(session: Session) {
  if (invite) await openList(session, (await session.acceptInvite(invite)).id);
}

/** Where the edits of this device are. It promises no more than the relay has confirmed. */
export function syncText({ status, error, saved, durable, notCounted }: SyncState) {
  if (error) return error.message;
  if (notCounted.count > 0) return `Others do not see ${notCounted.count} of your changes.`;
  if (status === 'confirmed') return durable?.pending === 0 ? 'Stored by the relay.' : 'At the relay.';
  return saved.pending > 0 ? 'Saving …' : `Saved on this device. The relay: ${status}.`;
}

/** Asks before it loses changes that only this device has. */
export const signOut = (session: Session) =>
  session.signOut().catch((error: unknown) => {
    if (!isKernelError(error, 'UNSYNCED_CHANGES') || !confirm('Lose your latest changes?')) throw error;
    return session.signOut({ discardUnsynced: true });
  });
