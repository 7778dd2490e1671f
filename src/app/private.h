/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "app/folder.h"
#include "doctor/doctor.h"

/* What the folder alone tells; the desk is the caller's to fill in. Borrows `folder`. */
DoctorSetup app_doctor_setup(const DeskFolder *folder);
