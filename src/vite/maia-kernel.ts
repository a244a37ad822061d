import { loadEnv, type Plugin } from 'vite';

export interface MaiaKernelOptions {
  /** Where `/sync` is forwarded to in dev. Default: `http://localhost:4203`. */
  readonly proxyTarget?: string;
}

/** Connects an app to its relay: in dev through a proxy on the app's own origin, in builds by `PUBLIC_API_DOMAIN`. */
export function maiaKernel(options: MaiaKernelOptions = {}): Plugin {
  const target = options.proxyTarget ?? 'http://localhost:4203';
  return {
    name: 'maia-kernel',
    config(userConfig, { command, mode }) {
      if (command === 'serve') {
        return {
          define: { __MAIA_DEV_PROXY__: 'true' },
          server: { proxy: { '/sync': { target, ws: true } } },
        };
      }
      const envDir = userConfig.envDir === false ? undefined : (userConfig.envDir ?? userConfig.root);
      const domain = loadEnv(mode, envDir ?? process.cwd(), 'PUBLIC_API_DOMAIN')['PUBLIC_API_DOMAIN'];
      return domain ? { define: { __MAIA_PUBLIC_API_DOMAIN__: JSON.stringify(domain) } } : {};
    },
  };
}
