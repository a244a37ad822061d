/** The versions of the code in this page. */
export interface Versions {
  readonly kernel: string;
  readonly cojson: string;
  /** The `appVersion` that the app passed. Absent if it passed none. */
  readonly app?: string;
  /** The browser's user agent. Absent outside browsers. */
  readonly userAgent?: string;
}
