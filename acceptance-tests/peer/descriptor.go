package main

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The package that terraform-plugin-go registers for protocol 6.
const protocolPackage = "tfplugin6"

// writeDescriptors writes the files of the protocol's package, each after the files it imports,
// as one serialized google.protobuf.FileDescriptorSet.
func writeDescriptors(out io.Writer) error {
	set := &descriptorpb.FileDescriptorSet{}
	seen := map[string]bool{}
	protoregistry.GlobalFiles.RangeFilesByPackage(protocolPackage, func(file protoreflect.FileDescriptor) bool {
		appendFile(set, seen, file)
		return true
	})
	if len(set.File) == 0 {
		return errors.New("no protobuf file is registered for the package " + protocolPackage)
	}
	bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		return fmt.Errorf("encoding the descriptors: %w", err)
	}
	_, err = out.Write(bytes)
	return err
}

func appendFile(set *descriptorpb.FileDescriptorSet, seen map[string]bool, file protoreflect.FileDescriptor) {
	if seen[file.Path()] {
		return
	}
	seen[file.Path()] = true
	for i := range file.Imports().Len() {
		appendFile(set, seen, file.Imports().Get(i).FileDescriptor)
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
}
