import { RuleTester } from 'eslint';
import { join } from 'node:path';
import tseslint from 'typescript-eslint';
import { describe, it } from 'vitest';
import { noCojsonPatches } from '../../scripts/lint/no-cojson-patches.mjs';

RuleTester.describe = describe;
RuleTester.it = it;

const root = join(import.meta.dirname, '../..');
const tester = new RuleTester({
  languageOptions: {
    parser: tseslint.parser,
    // A project of one file, which loads faster than the kernel's.
    parserOptions: {
      project: 'test/lint/tsconfig.json',
      tsconfigRootDir: root,
      // With CI=true the parser would check the file on disk in place of the code given here.
      disallowAutomaticSingleRunInference: true,
    },
  },
});

/** A test case in the one file of that tsconfig.json, so that imports of `cojson` have types. */
const inFile = (statement: string) => ({
  name: statement,
  filename: join(root, 'src/engine/internal-types.ts'),
  code: `import { CoValueCore, StorageApiAsync, type CojsonInternalTypes, type LocalNode, type StorageAPI } from 'cojson';
declare const node: LocalNode;
declare const content: CojsonInternalTypes.NewContentMessage;
declare const storage: StorageAPI & { status: string };
interface DeviceStorage extends StorageAPI { status: string }
declare const deviceStorage: DeviceStorage;
${statement}`,
});
const patch = (statement: string) => ({ ...inFile(statement), errors: [{ messageId: 'patch' }] });

tester.run('no-cojson-patches', noCojsonPatches, {
  valid: [
    'class OwnStorage extends StorageApiAsync { #reads = 0; count() { this.#reads++; this.#reads = 0; } }',
    'content.priority = 3;',
    'content.new[node.currentSessionID] = { after: 0, lastSignature: "signature_z", newTransactions: [] };',
    'const own = { handleSyncMessage() {} }; own.handleSyncMessage = () => {};',
    'const copy = { ...node.syncManager.peers }; void copy;',
    'Object.assign({ queuedWrites: 0 }, { node });',
    'storage.status = "ok";',
    'deviceStorage.status = "ok";',
    'const byID = new Map<string, LocalNode>(); byID.set("id", node);',
    'let latest: LocalNode | undefined; latest = node; void latest;',
  ].map(inFile),
  invalid: [
    'node.syncManager.handleNewContent = () => {};',
    'node["getCoValue"] = () => { throw new Error(); };',
    'CoValueCore.prototype.compareTransactions = () => 0;',
    'Object.assign(node, { currentSessionID: "" });',
    'Object.assign(node.syncManager, { addPeer() {} });',
    'Object.defineProperty(node, "storage", { value: undefined });',
    'Reflect.set(node.syncManager, "trackSyncState", () => {});',
    'Reflect.set(node, "storage", undefined);',
    'Reflect.deleteProperty(node.syncManager, "trackSyncState");',
    'delete node.storage;',
    'storage.load = () => {};',
    'deviceStorage.load = () => {};',
    'Object.assign(deviceStorage, { load() {} });',
    'function change<T extends LocalNode>(it: T) { Reflect.set(it, "storage", undefined); }',
  ].map(patch),
});
