import { cojsonInternals, LocalNode, type RawAccount, WasmCrypto } from '@MaiaOS/kernel/cojson';
import { createListEditor, type ListEditor } from './edit-list.ts';
import { type ListView } from './list-view.ts';
import { createLists, type Lists, type ListsView } from './lists.ts';

/** A device with plain cojson and no storage. */
export interface TestDevice {
  readonly node: LocalNode;
  readonly account: RawAccount;
  readonly lists: Lists;
  readonly edit: ListEditor;
  /** What the device currently shows. */
  shows(): ListsView;
  list(listID: string): ListView | undefined;
  texts(listID: string): readonly string[];
  itemID(listID: string, text: string): string;
  connect(): void;
  disconnect(): void;
}

export interface TestNetwork {
  /** Not connected yet. */
  newAccount(): Promise<TestDevice>;
  /** A second, connected device of the same account that starts with nothing but the keys. */
  sameAccount(device: TestDevice): Promise<TestDevice>;
}

/** Devices that share one relay, which has no keys. */
export async function createTestNetwork(): Promise<TestNetwork> {
  const crypto = await WasmCrypto.create();
  const agent = crypto.newRandomAgentSecret();
  const relay = new LocalNode(agent, crypto.newRandomSessionID(crypto.getAgentID(agent)), crypto);
  let plugs = 0;

  return {
    async newAccount() {
      const { node } = await LocalNode.withNewlyCreatedAccount({
        crypto: await WasmCrypto.create(),
        creationProps: { name: 'Somebody' },
        migration: (account) => {
          account.set('profile', account.createMap({ name: 'Somebody' }).id, 'trusting');
          account.set('root', account.createMap().id, 'trusting');
        },
      });
      return createDevice(node, createPlug(node));
    },
    async sameAccount(first) {
      const crypto = await WasmCrypto.create();
      const node = new LocalNode(first.node.agentSecret, crypto.newRandomSessionID(first.account.id), crypto);
      const plug = createPlug(node);
      plug.connect();
      const account = await node.load(first.account.id);
      const rootID = account === 'unavailable' ? undefined : account.get('root');
      if (!rootID || (await node.load(rootID)) === 'unavailable')
        throw new Error('The relay does not have this account.');
      return createDevice(node, plug);
    },
  };

  function createPlug(node: LocalNode) {
    const number = plugs++;
    const ids = { relay: `relay-${number}`, device: `device-${number}` };
    return {
      connect() {
        const roles = { peer1role: 'server', peer2role: 'client' } as const;
        const [toRelay, toDevice] = cojsonInternals.connectedPeers(ids.relay, ids.device, roles);
        node.syncManager.addPeer(toRelay);
        relay.syncManager.addPeer(toDevice);
      },
      disconnect() {
        node.syncManager.removePeer(ids.relay);
        relay.syncManager.removePeer(ids.device);
      },
    };
  }
}

function createDevice(node: LocalNode, plug: Pick<TestDevice, 'connect' | 'disconnect'>): TestDevice {
  const account = node.expectCurrentAccount('in a test');
  const lists = createLists(node, account);
  let view: ListsView = { state: 'loading', lists: [] };
  lists.subscribe((next) => (view = next));
  const list = (listID: string) => view.lists.find((candidate) => candidate.id === listID);

  return {
    node,
    account,
    lists,
    edit: createListEditor(node),
    shows: () => view,
    list,
    texts: (listID) => list(listID)?.items.map((item) => item.text) ?? [],
    itemID(listID, text) {
      const item = list(listID)?.items.find((candidate) => candidate.text === text);
      if (!item) throw new Error(`This device shows no item “${text}”.`);
      return item.id;
    },
    ...plug,
  };
}
