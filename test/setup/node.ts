// Setup file of the Vitest project `node`: tests find the same `navigator.gpu` there as in a browser.
import { installDawn } from "./dawn.ts";

installDawn();
