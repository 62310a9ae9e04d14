package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// foundFile is what a file on disk says about itself.
type foundFile struct {
	id, content, sha256, mode types.String
}

func readFile(place string) (foundFile, error) {
	bytes, err := os.ReadFile(place)
	if err != nil {
		return foundFile{}, err
	}
	info, err := os.Stat(place)
	if err != nil {
		return foundFile{}, err
	}
	return foundFile{
		id:      types.StringValue(place),
		content: types.StringValue(string(bytes)),
		sha256:  hash(bytes),
		mode:    types.StringValue(fmt.Sprintf("%04o", info.Mode().Perm())),
	}, nil
}

func parseMode(text string) (fs.FileMode, error) {
	bits, err := strconv.ParseUint(text, 8, 32)
	if err != nil || bits > uint64(fs.ModePerm) {
		return 0, fmt.Errorf("mode is %q: expected permissions in octal such as %q", text, defaultMode)
	}
	return fs.FileMode(bits), nil
}

func hash(bytes []byte) types.String {
	sum := sha256.Sum256(bytes)
	return types.StringValue(hex.EncodeToString(sum[:]))
}
