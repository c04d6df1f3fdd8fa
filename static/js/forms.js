// Fields that need a script, on whatever page they stand: photos that upload at once, the position, how far it is.

import { startEverywhere } from "./dom.js";
import { startPhotos } from "./field/photos.js";
import { startOnSpot } from "./on_spot.js";
import { startPosition } from "./position.js";

function start(root) {
  startPhotos(root);
  startPosition(root);
  startOnSpot(root);
}

startEverywhere(start);
