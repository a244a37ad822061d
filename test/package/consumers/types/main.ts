// Calls of every entry, as an app has them. Only its types are checked.
import '@MaiaOS/kernel/inline-wasm';
import {
  activeSession,
  isKernelError,
  resumeSession,
  signUpWithPasskey,
  signUpWithRecoveryPhrase,
  subscribeSyncState,
  takeInvite,
  useWasm,
  webSocketTransport,
  type Session,
} from '@MaiaOS/kernel';
import { LocalNode, WasmCrypto, type CoID, type RawCoMap } from '@MaiaOS/kernel/cojson';
import wasm from '@MaiaOS/kernel/cojson.wasm';
import { mountDevtools } from '@MaiaOS/kernel/devtools';
import { createInspector } from '@MaiaOS/kernel/inspect';
import { useReadable } from '@MaiaOS/kernel/react';
import { createRelay, type Relay } from '@MaiaOS/kernel/relay';
import { createTestSession, faultyTransport } from '@MaiaOS/kernel/testing';
import { addVirtualPasskey, createTestRelay } from '@MaiaOS/kernel/testing/node';
import { maiaKernel } from '@MaiaOS/kernel/vite';
import { useReadable as useVueReadable } from '@MaiaOS/kernel/vue';
import { deliverAfterLastTab } from '@MaiaOS/kernel/worker';
import type { UserConfig } from 'vite';

type Item = { text: string; done: boolean };

export async function share(): Promise<string> {
  useWasm(wasm);
  const { session, phrase } = await signUpWithRecoveryPhrase({ sync: { url: 'ws://localhost:4203/sync' } });
  const map: RawCoMap<Item> = session.node
    .createGroup()
    .createMap<RawCoMap<Item>>({ text: phrase, done: false });
  map.set('done', true);
  const { link, groupID } = await session.share(map.id, { role: 'writer', url: location.href });
  await session.sync.whenConfirmed(groupID, { timeoutMs: 20_000 });
  return link;
}

export async function join(): Promise<CoID<RawCoMap<Item>> | undefined> {
  const session = (await resumeSession()) ?? (await signUpWithPasskey({ appName: 'Types' }));
  const invite = takeInvite();
  if (!invite) return undefined;
  const { id } = await session.acceptInvite(invite);
  const map = await session.load<RawCoMap<Item>>(id);
  const done: boolean | undefined = map.get('done');
  const isNode: boolean = session.node instanceof LocalNode;
  console.log(done, isNode, await WasmCrypto.create());
  return map.id;
}

export function statusLine(): () => void {
  return subscribeSyncState(({ status, error, confirmed }) => {
    if (isKernelError(error, 'STORAGE_FULL')) console.log(error.details, error.docsUrl);
    // @ts-expect-error -- no value of `status`
    if (status === 'nowhere') console.log(confirmed.pending);
  });
}

export function texts(session: Session, id: string) {
  const inReact = useReadable(session.watch<Item>(id));
  const inVue = useVueReadable(() => activeSession.current?.watch<Item>(id) ?? session.watch<Item>(id));
  const text: string | undefined = inReact.state === 'ready' ? inReact.value.text : undefined;
  return { text, done: inVue.value.state === 'ready' && inVue.value.value.done };
}

export function explain(session: Session, id: string): () => void {
  const { verdict, evidence, next } = createInspector(session).explain(id);
  const { unmount } = mountDevtools();
  console.log([verdict, ...evidence, next].join('\n'));
  return unmount;
}

export async function inTests(send: Parameters<typeof addVirtualPasskey>[0]): Promise<Relay> {
  const { url, close } = await createTestRelay();
  const session = await createTestSession({ relayUrl: url, name: 'Ada' });
  const passkey = await addVirtualPasskey(send);
  console.log(passkey, faultyTransport(webSocketTransport(), { seed: 1 }));
  await session.close();
  await close();
  return createRelay({ storage: 'memory:', port: 0 });
}

export const config: UserConfig = { plugins: [maiaKernel({ appID: 'types' })] };

deliverAfterLastTab();
