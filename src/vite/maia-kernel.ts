import { resolve } from 'node:path';
import { loadEnv, type Plugin, type ProxyOptions, type ResolvedConfig, type UserConfig } from 'vite';
import type { RelayOptions } from '../relay/index.ts';
import { createDevRelay } from './dev-relay.ts';
import { aliasCojson, explainJazzTools, installedJazzTools } from './jazz-tools.ts';
import { kernelNameIn, kernelNames } from './kernel-name.ts';
import { isKernelEntry, withPanel } from './panel.ts';

export interface MaiaKernelOptions {
  /**
   * The reference relay, started and stopped with the dev server. Unless these options, or SYNC_MAIA_… and DB_PATH in the
   * environment or an `.env` file, override it, its port is 4203 and its data is in `./local-sync.db`, for which PGlite must be
   * installed. Default: true, or false if `proxyTarget` is given.
   */
  readonly relay?: boolean | RelayOptions;
  /**
   * The app's ID at relays that keep the data of several apart: the default of `appID` in its `sync` options. The started relay
   * serves that app.
   */
  readonly appID?: string;
  /** Adds the devtools panel to every page of the dev server that loads the kernel, never to a build. Default: true. */
  readonly devtools?: boolean;
  /** The target for requests to `/sync`. Default: the started relay, otherwise `http://localhost:4203`. */
  readonly proxyTarget?: string;
}

/** `/sync` and `/sync/{appID}`, but not files of the app in a folder of that name. */
const syncPath = '^/sync(?:/[\\w-]+)?/?(?:\\?.*)?$';

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
  /** A package for the relay is missing. Vite would log each attempt to reach the relay, so the page gets 404 instead. */
  let isRelayMissing = false;
  let config: ResolvedConfig | undefined;
  let relayURL: string | undefined;

  return {
    name: 'maia-kernel',
    config(userConfig, { command, mode }) {
      // From source, `cojson` is already the kernel's.
      const root = resolve(userConfig.root ?? '');
      const aliases = { resolve: { alias: isInstalled ? aliasCojson(kernelNameIn(root)) : [] } };
      if (command === 'build')
        return { ...aliases, define: { ...readRelayAddress(userConfig, mode), ...defineApp } };
      return {
        ...aliases,
        define: { __MAIA_DEV_PROXY__: 'true', ...defineApp },
        server: {
          proxy: {
            [syncPath]: {
              target: proxyTarget ?? 'http://localhost:4203',
              ws: true,
              // The proxy reads these options on each request; the port of the started relay is only known later.
              configure: (_, live) => (proxy = live),
              bypass: () => (isRelayMissing ? false : undefined),
            },
          },
        },
        optimizeDeps: isInstalled ? optimizedDeps(root) : {},
      };
    },
    configResolved(resolved) {
      config = resolved;
    },

    // Not in `configureServer`: when Vite restarts the server, that hook runs while the old server still holds the
    // port.
    async buildStart() {
      if (!config || !devRelay || !isDevServer(config)) return;
      const { mode, envDir, logger } = config;
      relayURL = await devRelay.start(logger, loadEnv(mode, envDir, ''));
      if (proxyTarget !== undefined) return;
      isRelayMissing = relayURL === undefined;
      if (proxy && relayURL !== undefined) proxy.target = relayURL;
    },
    configureServer(server) {
      const printUrls = server.printUrls.bind(server);
      server.printUrls = () => {
        printUrls();
        const { logger } = server.config;
        if (relayURL !== undefined) logger.info(`  ➜  Relay:   ${relayURL}/`);
        if (devtools) logger.info('  ➜  Panel:   press Alt+Shift+M in the page');
      };
    },
    buildEnd: () => devRelay?.close(),

    resolveId: {
      // Vite itself would replace a missing peer by an empty module.
      order: 'pre',
      handler(id, importer) {
        if (config && id === 'jazz-tools' && importer !== undefined && jazzEntry.test(importer)) {
          const problem = explainJazzTools(installedJazzTools(config.root));
          if (problem !== undefined) this.error(problem);
        }
        return undefined;
      },
    },
    transform(code, id) {
      if (!config || !devtools || !isDevServer(config) || !isKernelEntry(id)) return undefined;
      // What follows the code leaves its source map as it is. A server has no page to show the panel in.
      return this.environment.config.consumer === 'client' ? { code: withPanel(code), map: null } : undefined;
    },
  };
}

/**
 * An installed package is already bundled. If Vite bundled it again, each entry discovered later would reload the page. When
 * this package runs from source, Vite must scan it for dependencies, or these would be discovered late.
 */
const isInstalled = /[\\/]node_modules[\\/]/.test(import.meta.url);

/** Whatever its name: pnpm's folder has the one of the registry. */
const jazzEntry = /[\\/]@maiaos[\\/]kernel[\\/]dist[\\/]jazz\.js/i;

/**
 * Vite must not bundle the kernel's cojson, or `cojson`, which stands for it, into other packages. Its scan does not see what the
 * kernel imports of jazz-tools, and would reload the page once it does.
 */
function optimizedDeps(root: string) {
  const include = installedJazzTools(root) === undefined ? [] : ['jazz-tools', 'jazz-tools/testing'];
  return { exclude: [...kernelNames, 'cojson'], include };
}

/** Vitest serves modules too, but needs neither the relay nor the panel. */
function isDevServer({ command, plugins }: ResolvedConfig): boolean {
  return command === 'serve' && !plugins.some(({ name }) => name === 'vitest');
}

function readRelayAddress({ envDir, root = '' }: UserConfig, mode: string): Record<string, string> {
  const folder = envDir === false ? false : resolve(root, envDir ?? '');
  const { PUBLIC_API_DOMAIN } = loadEnv(mode, folder, 'PUBLIC_API_DOMAIN');
  return PUBLIC_API_DOMAIN ? { __MAIA_PUBLIC_API_DOMAIN__: JSON.stringify(PUBLIC_API_DOMAIN) } : {};
}
