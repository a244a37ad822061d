// Old versions of Node must be able to parse this file, so use no syntax newer than modules.

/** Ends the process with an error message if this version of Node cannot run the project's tools. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22) return;
  console.error(
    `This is Node ${process.versions.node}, but the project needs 20.19 or a later 20.x, or 22.12 or later. Install one of them from https://nodejs.org.`,
  );
  process.exit(1);
}
