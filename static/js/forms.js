// Fields that need a script, on whatever page they stand: photos that upload at once, and the position.

import { startEverywhere } from "./dom.js";
import { startPhotos } from "./field/photos.js";
import { startPosition } from "./position.js";

function start(root) {
  startPhotos(root);
  startPosition(root);
}

startEverywhere(start);
