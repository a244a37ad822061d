import { createReadable, type Readable } from '../base/readable.ts';
import type { Session } from './session.ts';

let open: readonly Session[] = [];
const active = createReadable<Session | undefined>(undefined);

/** The most recently opened session that is still open in this page; undefined if there is none. */
export const activeSession: Readable<Session | undefined> = {
  get current() {
    return active.current;
  },
  subscribe: (listener) => active.subscribe(listener),
};

/** Makes a session the active one until it is closed. */
export function activate(session: Session): void {
  open = [...open, session];
  active.set(session);
  session.on('closed', () => {
    open = open.filter((other) => other !== session);
    active.set(open.at(-1));
  });
}
