import { signUpWithPasskey, type Session } from '@MaiaOS/kernel';
import type { CoID, RawCoMap } from '@MaiaOS/kernel/cojson';

/** The kernel with nothing around it, for what the demo has no button for. A test calls it through the page. */
export interface BareApp {
  signUp(urls: readonly string[]): Promise<void>;
  /** A map that everybody may read and write; answers its ID. */
  makeMap(): string;
  openMap(id: string): Promise<void>;
  set(key: string, value: number): void;
  read(): Readonly<Record<string, number>>;
  state(): { readonly status: string; readonly pending: number; readonly url: string | undefined };
}

let session: Session | undefined;
let map: RawCoMap | undefined;

function opened<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('Nothing is open yet.');
  return value;
}

declare global {
  var bareApp: BareApp;
}
globalThis.bareApp = {
  async signUp(urls) {
    session = await signUpWithPasskey({ sync: { url: urls } });
  },
  makeMap() {
    const group = opened(session).node.createGroup();
    group.addMember('everyone', 'writer');
    map = group.createMap();
    return map.id;
  },
  async openMap(id) {
    const loaded = await opened(session).node.load(id as CoID<RawCoMap>);
    if (loaded === 'unavailable') throw new Error('The map is not there.');
    map = loaded;
  },
  set: (key, value) => opened(map).set(key, value),
  read: () => opened(map).toJSON() as Record<string, number>,
  state() {
    const { status, confirmed, peers } = opened(session).sync.current;
    return { status, pending: confirmed.pending, url: peers[0]?.url };
  },
};
