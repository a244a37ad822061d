import type { InspectorTarget } from '../src/inspect/target.ts';

export interface DevtoolsOptions {
  /** Default: the page's active session, whichever it is. */
  readonly target?: InspectorTarget;
  /** Default: as the user left it. */
  readonly open?: boolean;
  /** Default "Alt+Shift+M". */
  readonly hotkey?: string;
  /** 'closed' hides the panel's text from the page's own tests and scripts. Default 'open'. */
  readonly shadowMode?: 'open' | 'closed';
}
