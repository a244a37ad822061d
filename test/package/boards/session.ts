import { isKernelError, resumeSession, takeInvite, type Session } from '@MaiaOS/kernel';

const invite = takeInvite();
addEventListener('unhandledrejection', ({ reason }) => alert((reason as Error).message));
await resumeSession().catch((error: Error) => alert(error.message));

/** All devices of the account have its root map, and show the board that is named there. */
export const rootOf = ({ account }: Session) => account.get('root') ?? '';
export const open = async (my: Session, id: string) => (await my.load(rootOf(my))).set('board', id);
export const openInvite = async (my: Session) => invite && open(my, (await my.acceptInvite(invite)).id);
export const attach = async (my: Session, id: string, { files }: HTMLInputElement) =>
  files?.[0] && (await my.load(id)).set('picture', (await my.files.write(id, files[0])).id);

export async function share(session: Session, id: string) {
  const { link, groupID } = await session.share(id);
  await session.sync.whenConfirmed(groupID); // From now on, the link works.
  prompt('Whoever has this link can join:', link);
}

export const signOut = (session: Session) =>
  session.signOut().catch((error: unknown) => {
    if (!isKernelError(error, 'UNSYNCED_CHANGES')) throw error;
    const question = `${error.details.count} changes are on this device only. Sign out and lose them?`;
    if (confirm(question)) return session.signOut({ discardUnsynced: true });
  });
