docker buildx imagetools create --tag "$NAME:$COMMIT" --tag "$NAME:${REF//[^A-Za-z0-9_.-]/-}" "$IMAGE"
