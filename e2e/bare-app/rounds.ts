import { resumeSession, signInWithPasskey, signUpWithPasskey, type Session } from '@MaiaOS/kernel';
import { CoValueCore, LocalNode } from '@MaiaOS/kernel/cojson';

/** An app that signs in and out repeatedly. Tests call it through its page. */
export interface RoundsApp {
  /** Creates the account and signs out of it. */
  signUp(url: string): Promise<void>;
  /** Signs in, edits, closes, resumes, edits, and signs out. */
  round(url: string): Promise<void>;
  /** From here on the page keeps every session: a deliberate leak. */
  keepSessions(): void;
  /** The package's classes; those of the browser have global names. */
  readonly classes: { readonly LocalNode: typeof LocalNode; readonly CoValueCore: typeof CoValueCore };
}

declare global {
  var roundsApp: RoundsApp;
}

const kept: Session[] = [];
let isKeeping = false;

async function edit(session: Session): Promise<void> {
  if (isKeeping) kept.push(session);
  const { node, sync } = session;
  const group = node.createGroup();
  const maps = Array.from({ length: 10 }, () => group.createMap());
  for (const map of maps) map.set('word', 'x'.repeat(1_000));
  const stop = sync.subscribe(() => {});
  for (const map of maps) await sync.whenConfirmed(map);
  await sync.whenConfirmed();
  stop();
}

async function resume(url: string): Promise<Session> {
  const session = await resumeSession({ sync: { url } });
  if (!session) throw new Error('The device remembers nobody.');
  return session;
}

globalThis.roundsApp = {
  async signUp(url) {
    const session = await signUpWithPasskey({ sync: { url } });
    await edit(session);
    await session.signOut();
  },
  async round(url) {
    const first = await signInWithPasskey({ sync: { url } });
    await edit(first);
    await first.close();
    const second = await resume(url);
    await edit(second);
    await second.signOut();
  },
  keepSessions() {
    isKeeping = true;
  },
  classes: { LocalNode, CoValueCore },
};
