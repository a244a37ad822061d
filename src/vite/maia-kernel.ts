import { resolve } from 'node:path';
import { loadEnv, type Plugin, type ProxyOptions, type ResolvedConfig, type UserConfig } from 'vite';
import type { RelayOptions } from '../relay/index.ts';
import { createDevRelay } from './dev-relay.ts';

export interface MaiaKernelOptions {
  /**
   * The reference relay, started and closed with the dev server. Its port is 4203 and its data in `./local-sync.db`,
   * unless these options say otherwise. Default: true, and false where `proxyTarget` is given.
   */
  readonly relay?: boolean | RelayOptions;
  /** The devtools panel in every page of the dev server; never in a build. Default: true. */
  readonly devtools?: boolean;
  /** Where the dev server forwards `/sync`. Default: to the started relay, else to `http://localhost:4203`. */
  readonly proxyTarget?: string;
}

/** `/sync` and `/sync/{appId}`, and none of an app's own files that stand in a folder of that name. */
const syncPath = '^/sync(?:/[\\w-]+)?/?(?:\\?.*)?$';

const panelID = 'virtual:maia-kernel/devtools';

/**
 * Connects an app to its relay. In dev, `/sync` of the app's own origin is forwarded, so that no address is needed. A
 * build gets the address of `PUBLIC_API_DOMAIN`, from the environment or an `.env` file, where there is one.
 */
export function maiaKernel(options: MaiaKernelOptions = {}): Plugin {
  const { proxyTarget, devtools = true, relay = proxyTarget === undefined } = options;
  const devRelay = relay === false ? undefined : createDevRelay(relay === true ? {} : relay);
  let proxy: ProxyOptions | undefined;
  let config: ResolvedConfig | undefined;

  return {
    name: 'maia-kernel',
    config(userConfig, { command, mode }) {
      if (command === 'build') return { define: readRelayAddress(userConfig, mode) };
      return {
        define: { __MAIA_DEV_PROXY__: 'true' },
        server: {
          proxy: {
            [syncPath]: {
              target: proxyTarget ?? 'http://localhost:4203',
              ws: true,
              // These are the options that the proxy goes by; the started relay's port is known only later.
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

    // Not in `configureServer`: when Vite restarts its server, that runs while the old one still has the port.
    async buildStart() {
      if (!config || !devRelay || !isDevServer(config)) return;
      const url = await devRelay.start(config.logger);
      if (proxy && proxyTarget === undefined) proxy.target = url;
    },
    buildEnd: () => devRelay?.close(),

    transformIndexHtml() {
      if (!config || !devtools || !isDevServer(config)) return [];
      // In the head, so that the panel is there before the app's first line.
      const src = `${config.base}@id/${panelID}`;
      return [{ tag: 'script', attrs: { type: 'module', src }, injectTo: 'head' }];
    },
    resolveId(id, importer) {
      if (id === panelID) return id;
      // A virtual module stands nowhere: what it imports is looked for from the app.
      if (config && importer === panelID) return this.resolve(id, resolve(config.root, 'index.html'));
      return undefined;
    },
    load(id) {
      if (id !== panelID) return undefined;
      // An app may have put the element into its page itself.
      return `import { mountDevtools } from '@MaiaOS/kernel/devtools';\nif (!document.querySelector('maia-devtools')) mountDevtools();\n`;
    },
  };
}

/**
 * An installed package is bundled already: bundled again by Vite, each entry of it that is found later would reload the
 * page. From source, Vite has to look into it for the dependencies, or these would be found late.
 */
const isInstalled = /[\\/]node_modules[\\/]/.test(import.meta.url);

/** A test runner serves modules too, and wants neither a relay nor a panel from the app's configuration. */
function isDevServer({ command, plugins }: ResolvedConfig): boolean {
  return command === 'serve' && !plugins.some(({ name }) => name === 'vitest');
}

function readRelayAddress({ envDir, root = '' }: UserConfig, mode: string): Record<string, string> {
  const folder = envDir === false ? false : resolve(root, envDir ?? '');
  const { PUBLIC_API_DOMAIN } = loadEnv(mode, folder, 'PUBLIC_API_DOMAIN');
  return PUBLIC_API_DOMAIN ? { __MAIA_PUBLIC_API_DOMAIN__: JSON.stringify(PUBLIC_API_DOMAIN) } : {};
}
