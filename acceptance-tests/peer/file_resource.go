package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// The private key that holds the hash of what this provider wrote last, as a JSON string.
const writtenKey = "written_sha256"

type fileResource struct {
	settings settings
}

var (
	_ resource.ResourceWithConfigure   = (*fileResource)(nil)
	_ resource.ResourceWithImportState = (*fileResource)(nil)
)

func newFileResource() resource.Resource {
	return &fileResource{}
}

func (r *fileResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_file"
}

func (r *fileResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if configured, ok := req.ProviderData.(settings); ok {
		r.settings = configured
	}
}

func (r *fileResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan, config fileModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.write(&plan, config.Note); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("path"), "The file was not created", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, writtenKey, quoted(plan.ContentSHA256))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *fileResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, config fileModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.write(&plan, config.Note); err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("path"), "The file was not updated", err.Error())
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, writtenKey, quoted(plan.ContentSHA256))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

func (r *fileResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state fileModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	written, diagnostics := req.Private.GetKey(ctx, writtenKey)
	resp.Diagnostics.Append(diagnostics...)
	if resp.Diagnostics.HasError() {
		return
	}
	found, err := readFile(r.settings.locate(state.Path.ValueString()))
	if errors.Is(err, fs.ErrNotExist) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root("path"), "The file cannot be read", err.Error())
		return
	}
	state.ID, state.Content, state.ContentSHA256, state.Mode = found.id, found.content, found.sha256, found.mode
	if written != nil && string(written) != string(quoted(found.sha256)) {
		resp.Diagnostics.AddAttributeWarning(path.Root("content"), "The file was changed by hand",
			fmt.Sprintf("%s is not what this provider wrote last.", found.id.ValueString()))
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

func (r *fileResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state fileModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	err := os.Remove(r.settings.locate(state.Path.ValueString()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		resp.Diagnostics.AddAttributeError(path.Root("path"), "The file was not removed", err.Error())
	}
}

func (r *fileResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("path"), req, resp)
}

// write puts the planned text on disk and fills in what is computed.
func (r *fileResource) write(plan *fileModel, note types.String) error {
	place := r.settings.locate(plan.Path.ValueString())
	mode, err := parseMode(plan.Mode.ValueString())
	if err != nil {
		return err
	}
	if err := os.WriteFile(place, []byte(plan.Content.ValueString()), mode); err != nil {
		return err
	}
	if err := os.Chmod(place, mode); err != nil { // the umask and a file that was there before
		return err
	}
	plan.ID = types.StringValue(place)
	plan.ContentSHA256 = hash([]byte(plan.Content.ValueString()))
	plan.NoteLength = types.Int64Value(int64(len(note.ValueString())))
	return nil
}

// quoted gives a text as JSON, the only form that private data takes.
func quoted(text types.String) []byte {
	bytes, err := json.Marshal(text.ValueString())
	if err != nil {
		panic(err) // a Go string always has a JSON form
	}
	return bytes
}
