import { resolve } from 'node:path';
import { loadEnv, type Plugin, type ProxyOptions, type ResolvedConfig, type UserConfig } from 'vite';
import type { RelayOptions } from '../relay/index.ts';
import { createDevRelay } from './dev-relay.ts';

export interface MaiaKernelOptions {
  /**
   * The reference relay, started and stopped with the dev server. Unless these options override it, its port is 4203 and its
   * data is in `./local-sync.db`. Default: true, or false if `proxyTarget` is given.
   */
  readonly relay?: boolean | RelayOptions;
  /**
   * The app's ID at relays that keep the data of several apart: the default of `appID` in its `sync` options. The started relay
   * serves that app.
   */
  readonly appID?: string;
  /** Adds the devtools panel to every page of the dev server, never to a build. Default: true. */
  readonly devtools?: boolean;
  /** The target for requests to `/sync`. Default: the started relay, otherwise `http://localhost:4203`. */
  readonly proxyTarget?: string;
}

/** `/sync` and `/sync/{appID}`, but not files of the app in a folder of that name. */
const syncPath = '^/sync(?:/[\\w-]+)?/?(?:\\?.*)?$';

const panelID = 'virtual:maia-kernel/devtools';

/**
 * Connects an app to its relay. The dev server forwards `/sync`, so the app needs no address. A build uses the address in
 * `PUBLIC_API_DOMAIN`, from the environment or an `.env` file, if there is one.
 */
export function maiaKernel(options: MaiaKernelOptions = {}): Plugin {
  const { proxyTarget, devtools = true, relay = proxyTarget === undefined, appID } = options;
  const defineApp = appID !== undefined && { __MAIA_APP_ID__: JSON.stringify(appID) };
  const relayOptions = { ...(appID !== undefined && { appIDs: [appID] }), ...(relay !== true && relay) };
  const devRelay = relay === false ? undefined : createDevRelay(relayOptions);
  let proxy: ProxyOptions | undefined;
  let config: ResolvedConfig | undefined;

  return {
    name: 'maia-kernel',
    config(userConfig, { command, mode }) {
      if (command === 'build') return { define: { ...readRelayAddress(userConfig, mode), ...defineApp } };
      return {
        define: { __MAIA_DEV_PROXY__: 'true', ...defineApp },
        server: {
          proxy: {
            [syncPath]: {
              target: proxyTarget ?? 'http://localhost:4203',
              ws: true,
              // The proxy reads these options on each request; the port of the started relay is only known later.
              configure: (_, live) => (proxy = live),
            },
          },
        },
        optimizeDeps: { exclude: isInstalled ? ['@MaiaOS/kernel'] : [] },
      };
    },
    configResolved(resolved) {
      config = resolved;
    },

    // Not in `configureServer`: when Vite restarts the server, that hook runs while the old server still holds the
    // port.
    async buildStart() {
      if (!config || !devRelay || !isDevServer(config)) return;
      const url = await devRelay.start(config.logger);
      if (proxy && proxyTarget === undefined) proxy.target = url;
    },
    buildEnd: () => devRelay?.close(),

    transformIndexHtml() {
      if (!config || !devtools || !isDevServer(config)) return [];
      // In the head, so that the panel exists before the code of the app runs.
      const src = `${config.base}@id/${panelID}`;
      return [{ tag: 'script', attrs: { type: 'module', src }, injectTo: 'head' }];
    },
    resolveId(id, importer) {
      if (id === panelID) return id;
      // A virtual module has no location, so resolve its imports relative to the app.
      if (config && importer === panelID) return this.resolve(id, resolve(config.root, 'index.html'));
      return undefined;
    },
    load(id) {
      if (id !== panelID) return undefined;
      // The app may already have added the element.
      return `import { mountDevtools } from '@MaiaOS/kernel/devtools';\nif (!document.querySelector('maia-devtools')) mountDevtools();\n`;
    },
  };
}

/**
 * An installed package is already bundled. If Vite bundled it again, each entry discovered later would reload the page. When
 * this package runs from source, Vite must scan it for dependencies, or these would be discovered late.
 */
const isInstalled = /[\\/]node_modules[\\/]/.test(import.meta.url);

/** Vitest serves modules too, but needs neither the relay nor the panel. */
function isDevServer({ command, plugins }: ResolvedConfig): boolean {
  return command === 'serve' && !plugins.some(({ name }) => name === 'vitest');
}

function readRelayAddress({ envDir, root = '' }: UserConfig, mode: string): Record<string, string> {
  const folder = envDir === false ? false : resolve(root, envDir ?? '');
  const { PUBLIC_API_DOMAIN } = loadEnv(mode, folder, 'PUBLIC_API_DOMAIN');
  return PUBLIC_API_DOMAIN ? { __MAIA_PUBLIC_API_DOMAIN__: JSON.stringify(PUBLIC_API_DOMAIN) } : {};
}
